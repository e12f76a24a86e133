import { redisOf } from '../../src/commands/redis-settings.ts'
import { readConfig } from '../../src/config/config.ts'
import { checkRedis } from '../../src/infra/redis-check.ts'
import type { RedisSettings } from '../../src/infra/redis-connection.ts'

/** Settings of the Redis with this URL, and of further variables. */
export function redisSettingsAt(url: string, env: Readonly<Record<string, string>> = {}): RedisSettings {
  const settings = redisOf(readConfig({ REDIS_URL: url, ...env }))
  if (settings === null) throw new Error('There is no URL.')
  return settings
}

/** The one message that the check of a Redis logs, after its level. */
export async function checkedAt(settings: RedisSettings): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const at = (level: string) => (context: object, message: string) =>
    resolve(`${level}: ${message} ${JSON.stringify(context)}`)
  const check = checkRedis(settings, { info: at('info'), warn: at('warn'), error: at('error') })
  const logged = await promise
  await check.close()
  return logged
}
