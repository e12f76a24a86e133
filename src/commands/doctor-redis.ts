import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config/config.ts'
import { onError } from '../infra/redis-check.ts'
import { connectRedis, type RedisSettings } from '../infra/redis-connection.ts'
import { examineRedis, type RedisFacts } from '../infra/redis-facts.ts'
import { redisProblemOf } from '../infra/redis-problems.ts'
import { redisOf } from './redis-settings.ts'

/** Response timeout of Redis, including a failover in progress. */
const responseTimeoutMs = 10_000
const away = `does not answer within ${responseTimeoutMs / 1000} seconds. Start it, or correct REDIS_URL; until then, due work is polled for`

/** Prints the form of the configured Redis and what is wrong with it. False: it cannot be used. */
export async function reportRedis(config: Config): Promise<boolean> {
  const settings = redisOf(config)
  if (settings === null) return true
  const found = await examine(settings)
  if (typeof found === 'string') process.stdout.write(`✗   redis: ${settings.form}; it ${found}\n`)
  else process.stdout.write(`${found.problem === null ? 'ok ' : 'note'} redis: ${describe(found)}\n`)
  return typeof found !== 'string'
}

/** The facts, or the reason why there are none. */
async function examine(settings: RedisSettings): Promise<RedisFacts | string> {
  const redis = connectRedis(settings, {
    maxRetriesPerRequest: null,
    enableOfflineQueue: true,
    socketTimeout: responseTimeoutMs,
  })
  const failed = new Promise<string>((resolve) => onError(redis, resolve))
  const over = new AbortController()
  const late = sleep(responseTimeoutMs, away, { signal: over.signal }).catch(() => away)
  const facts = examineRedis(redis, settings).catch((error: unknown) => redisProblemOf(error) ?? late)
  const found = await Promise.race([facts, failed, late])
  over.abort()
  redis.disconnect()
  return found
}

function describe({ form, tls, user, version, evictionPolicy, problem }: RedisFacts): string {
  const facts = [
    form,
    tls ? 'TLS' : 'no TLS',
    `user ${user}`,
    `version ${version}`,
    `eviction policy ${evictionPolicy}`,
  ]
  return `${facts.join(', ')}${problem === null ? '' : `; it ${problem}`}`
}
