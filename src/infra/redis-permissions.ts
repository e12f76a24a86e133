import { createHash } from 'node:crypto'
import type { RedisConnection, RedisSettings } from './redis-connection.ts'
import { queuePrefixOf, ratePrefix } from './redis-keys.ts'

const script = 'return 1'
const digest = createHash('sha1').update(script).digest('hex')
/** Zero would block until a message arrives. */
const shortestBlockSeconds = 0.001

/**
 * Runs scripts on keys of each kind and the blocking read of a worker, as the service does. Changes nothing: the keys do
 * not exist.
 *
 * @throws the error of Redis, if the user may not do so
 */
export async function exercisePermissions(redis: RedisConnection, settings: RedisSettings): Promise<void> {
  const queueKey = `${queuePrefixOf(settings)}:switchyard-reconcile-check`
  for (const key of [queueKey, `${ratePrefix}:check`]) {
    await redis.eval(script, 1, key)
    await redis.evalsha(digest, 1, key).catch(ignoreUnknown)
  }
  await redis.bzpopmin(queueKey, shortestBlockSeconds)
}

/** After a failover between the two commands, Redis permits the script and does not know it. */
function ignoreUnknown(error: Error): void {
  if (!error.message.startsWith('NOSCRIPT')) throw error
}
