import type { Container } from '../container/container.ts'
import type { Logger } from '../infra/logger.ts'

/** A failover under a running process is noticed within this time. */
const checkIntervalMs = 15_000

/** Looks whether the database was replaced: once before anything else, then again and again. Answers how to end that. */
export async function watchForReplacement(
  { reopenReplaced }: Pick<Container, 'reopenReplaced'>,
  logger: Logger,
): Promise<() => Promise<void>> {
  async function look(): Promise<void> {
    const reopened = await reopenReplaced()
    if (reopened === null) return
    logger.warn({ reopened }, 'database replaced; checking for remote objects created in the lost interval')
  }

  await look()
  let current = Promise.resolve()
  const timer = setInterval(() => {
    // The database may be away for a while; the next look comes.
    current = current.then(look).catch((err: unknown) => logger.debug({ err }, 'database identity unavailable'))
  }, checkIntervalMs)
  return async () => {
    clearInterval(timer)
    await current
  }
}
