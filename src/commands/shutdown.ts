import { setTimeout as sleep } from 'node:timers/promises'
import type { makeApp } from '../app.ts'
import type { Container } from '../container/container.ts'
import type { Logger } from '../infra/logger.ts'
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

async function stopAnswering({ draining, notifier }: Container, front: Front | null, drainMs: number): Promise<void> {
  draining.begin()
  if (front !== null) await sleep(drainMs)
  notifier.endWaits()
  await front?.sockets.close()
  await front?.app.close()
}

/** What was opened, so that it is closed again, the last one first, whatever happens in between. */
export interface Closing {
  add(name: string, close: () => unknown): void
  /** Each part has a few seconds. One that fails, or takes longer, is told and keeps no other open. Never fails. */
  close(): Promise<void>
}

const longestMs = 3000

export function makeClosing(log: { warn(context: object, message: string): void }): Closing {
  const parts: { name: string; close: () => unknown }[] = []

  async function closeOne({ name, close }: (typeof parts)[number]): Promise<void> {
    try {
      const isClosed = await isDoneWithin(longestMs, Promise.resolve(close()))
      if (!isClosed) log.warn({ part: name, waitedMs: longestMs }, 'component close timed out')
    } catch (error) {
      log.warn({ err: error, part: name }, 'component close failed')
    }
  }

  return {
    add(name, close) {
      parts.push({ name, close })
    },
    async close() {
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) await closeOne(part)
    },
  }
}

/** Waits for `work`, `ms` at most. Rejects as it does; what it does later is nobody's concern. */
export async function isDoneWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController()
  const isLate = sleep(ms, false, { signal: over.signal }).catch(() => false)
  return Promise.race([work.then(() => true), isLate]).finally(() => over.abort())
}
