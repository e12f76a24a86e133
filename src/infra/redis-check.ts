import { setTimeout as sleep } from 'node:timers/promises'
import { Cluster } from 'ioredis'
import { connectRedis, type RedisConnection, type RedisSettings } from './redis-connection.ts'
import { examineRedis, type RedisFacts } from './redis-facts.ts'
import { redisProblemOf } from './redis-problems.ts'

interface Log {
  info(context: object, message: string): void
  warn(context: object, message: string): void
  error(context: object, message: string): void
}

const waiting = { maxRetriesPerRequest: null, enableOfflineQueue: true, socketTimeout: 8000 }
const pauseMs = 2000

/**
 * Checks Redis once, as soon as it responds, over a connection that is then closed, and logs one message. Reports once what an
 * operator has to correct if it cannot be used. A process runs without Redis, so it never fails.
 */
export function checkRedis(settings: RedisSettings, log: Log): { close(): Promise<void> } {
  const redis = connectRedis(settings, waiting)
  const ending = new AbortController()
  const report = once((problem) => log.error({ form: settings.form }, `redis ${problem}`))
  onError(redis, report)
  const done = untilExamined(redis, { settings, report, signal: ending.signal })
    .then((facts) => facts && logFacts(facts, log))
    .finally(() => redis.disconnect())
  return {
    async close() {
      ending.abort()
      redis.disconnect()
      await done
    },
  }
}

/** Reports each error that names a cause which an operator can correct. */
export function onError(redis: RedisConnection, report: (problem: string) => void): void {
  const onProblem = (error: unknown) => {
    const problem = redisProblemOf(error)
    if (problem !== null) report(problem)
  }
  redis.on('error', onProblem)
  if (redis instanceof Cluster) redis.on('node error', onProblem)
  else redis.on('sentinelError', onProblem)
}

function once(report: (problem: string) => void): (problem: string) => void {
  let isReported = false
  return (problem) => {
    if (!isReported) report(problem)
    isReported = true
  }
}

/**
 * Null if ended before Redis has responded: between two attempts to connect, a disconnected client never rejects the
 * commands that wait. Rejected logins reject all waiting commands, so they are repeated.
 */
async function untilExamined(
  redis: RedisConnection,
  { settings, report, signal }: { settings: RedisSettings; report: (problem: string) => void; signal: AbortSignal },
): Promise<RedisFacts | null> {
  const ended = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }))
  while (!signal.aborted) {
    try {
      return await Promise.race([examineRedis(redis, settings), ended])
    } catch (error) {
      const problem = redisProblemOf(error)
      if (problem !== null) report(problem)
    }
    await sleep(pauseMs, undefined, { signal }).catch(() => {})
  }
  return null
}

function logFacts({ problem, ...redis }: RedisFacts, log: Log): void {
  if (problem !== null) log.warn({ redis }, `redis checked: it ${problem}`)
  else if (redis.evictionPolicy === 'unknown')
    log.info({ redis }, 'redis checked: its eviction policy is not readable and should be noeviction')
  else log.info({ redis }, 'redis checked')
}
