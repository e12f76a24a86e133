import type { Container } from '../container.ts'
import type { Logger } from '../infra/logger.ts'

/** A failover under a running process is noticed within this time. */
const lookEveryMs = 15_000

/** Looks whether the database was replaced: once before anything else, then again and again. Answers how to end that. */
export async function watchForReplacement(
  { reopenReplaced }: Pick<Container, 'reopenReplaced'>,
  logger: Logger,
): Promise<() => Promise<void>> {
  async function look(): Promise<void> {
    const reopened = await reopenReplaced()
    if (reopened === null) return
    logger.warn({ reopened }, 'the database was replaced: looking for what may have been made in the time that is lost')
  }

  await look()
  let current = Promise.resolve()
  const timer = setInterval(() => {
    // The database may be away for a while; the next look comes.
    current = current.then(look).catch((err: unknown) => logger.debug({ err }, 'the database did not say who it is'))
  }, lookEveryMs)
  return async () => {
    clearInterval(timer)
    await current
  }
}
