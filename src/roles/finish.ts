import type { makeApp } from '../app.ts'
import type { Container } from '../container.ts'
import type { Logger } from '../infra/logger.ts'
import { isDoneWithin } from './closing.ts'

export type App = Awaited<ReturnType<typeof makeApp>>

interface Limits {
  role: 'all' | 'api' | 'worker'
  shutdownTimeoutMs: number
  logger: Logger
}

/** How long calls that were cut off may take to be written. */
const writeMs = 3000
const closeIdleEveryMs = 50

/**
 * Whoever waits for a change is answered now; then requests and work under way are finished side by side. What does not
 * end within the limit is cut off: a call becomes an unknown outcome and is written as that, a webhook is sent again.
 */
export async function finish(
  { wake, workers, sender, shutdown }: Container,
  app: App | null,
  { role, shutdownTimeoutMs, logger }: Limits,
): Promise<void> {
  wake.endWaits()
  const working = role === 'api' ? [] : [workers.stop(), sender.stop()]
  const finished = Promise.allSettled([app && closeHttp(app), ...working])
  if (await isDoneWithin(shutdownTimeoutMs, finished)) return
  logger.warn({ shutdownTimeoutMs }, 'calls under way are cut off; they will be looked for')
  shutdown.abort()
  app?.server.closeAllConnections()
  if (!(await isDoneWithin(writeMs, finished))) logger.warn('some work could not be written; its leases will run out')
}

/** A client keeps its connection after an answer, and a server that closes would wait for it to go. */
async function closeHttp(app: App): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), closeIdleEveryMs)
  await app.close().finally(() => clearInterval(idle))
}
