import type { Container } from '../container/container.ts'
import type { Logger } from '../infra/logger.ts'

/** Interval of checks for a failover of the database. */
const checkIntervalMs = 15_000

/** Checks whether the database was replaced, once before returning and then periodically. Returns a stop function. */
export async function watchForReplacement(
  { reopenReplaced }: Pick<Container, 'reopenReplaced'>,
  logger: Logger,
): Promise<() => Promise<void>> {
  async function check(): Promise<void> {
    const reopened = await reopenReplaced()
    if (reopened === null) return
    logger.warn({ reopened }, 'database replaced; checking for remote objects created in the lost interval')
  }

  await check()
  let current = Promise.resolve()
  const timer = setInterval(() => {
    // The database may be temporarily unavailable; the next check follows.
    current = current.then(check).catch((err: unknown) => logger.debug({ err }, 'database identity unavailable'))
  }, checkIntervalMs)
  return async () => {
    clearInterval(timer)
    await current
  }
}
