import { setTimeout as sleep } from 'node:timers/promises'
import type { makeApp } from '../app.ts'
import type { Container } from '../container/container.ts'
import type { Logger } from '../infra/logger.ts'
import { isDoneWithin } from './closing.ts'
import type { HttpSockets } from './http-sockets.ts'

export type App = Awaited<ReturnType<typeof makeApp>>

/** What answers requests, with its sockets. */
export interface Front {
  app: App
  sockets: HttpSockets
}

interface Limits {
  role: 'all' | 'api' | 'worker'
  /** How long requests are still taken, while whoever sends them is turned away to other instances. */
  drainMs: number
  shutdownTimeoutMs: number
  logger: Logger
}

/** How long calls that were cut off may take to be written. */
const writeMs = 3000

/**
 * Proxies are turned away first; then whoever waits for a change is answered, and requests under way are finished. Work is
 * finished beside all that. What does not end within the limit is cut off: a call becomes an unknown outcome and is written
 * as that, a webhook is sent again.
 */
export async function finish(
  container: Container,
  front: Front | null,
  { role, drainMs, shutdownTimeoutMs, logger }: Limits,
): Promise<void> {
  const { workers, sender, shutdown } = container
  const working = role === 'api' ? [] : [workers.stop(), sender.stop()]
  const finished = Promise.allSettled([stopAnswering(container, front, drainMs), ...working])
  if (await isDoneWithin(shutdownTimeoutMs, finished)) return
  logger.warn({ shutdownTimeoutMs }, 'shutdown timeout: aborting in-flight calls')
  shutdown.abort()
  front?.app.server.closeAllConnections()
  if (!(await isDoneWithin(writeMs, finished))) logger.warn('reconcile results not saved; leases will expire')
}

async function stopAnswering({ draining, wake }: Container, front: Front | null, drainMs: number): Promise<void> {
  draining.begin()
  if (front !== null) await sleep(drainMs)
  wake.endWaits()
  await front?.sockets.close()
  await front?.app.close()
}
