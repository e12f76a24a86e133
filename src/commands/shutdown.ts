import { setTimeout as sleep } from 'node:timers/promises'
import type { makeApp } from '../app.ts'
import type { Container } from '../container/container.ts'
import type { Logger } from '../infra/logger.ts'
import type { HttpSockets } from './http-sockets.ts'

export type App = Awaited<ReturnType<typeof makeApp>>

/** The HTTP server and its sockets. */
export interface Front {
  app: App
  sockets: HttpSockets
}

interface Limits {
  role: 'all' | 'api' | 'worker'
  /** How long requests are still accepted while readiness fails, so that proxies switch to other instances. */
  drainMs: number
  shutdownTimeoutMs: number
  logger: Logger
}

/** How long the results of aborted calls may take to be written. */
const writeMs = 3000

/**
 * Starts draining, then completes long polls and finishes requests in progress; work is finished in parallel. Whatever
 * exceeds the timeout is aborted: a provider call is recorded as an unknown outcome, and a webhook is sent again.
 */
export async function finish(
  container: Container,
  front: Front | null,
  { role, drainMs, shutdownTimeoutMs, logger }: Limits,
): Promise<void> {
  const { workers, sender, recordLogs, shutdown } = container
  const working = role === 'api' ? [] : [workers.stop(), sender.stop(), recordLogs.stop()]
  const finished = Promise.allSettled([stopServing(container, front, drainMs), ...working])
  if (await isDoneWithin(shutdownTimeoutMs, finished)) return
  logger.warn({ shutdownTimeoutMs }, 'shutdown timeout: aborting in-flight calls')
  shutdown.abort()
  front?.app.server.closeAllConnections()
  if (!(await isDoneWithin(writeMs, finished))) logger.warn('reconcile results not saved; leases will expire')
}

async function stopServing({ draining, notifier }: Container, front: Front | null, drainMs: number): Promise<void> {
  draining.begin()
  if (front !== null) await sleep(drainMs)
  notifier.endWaits()
  await front?.sockets.close()
  await front?.app.close()
}

/** Opened resources, closed in reverse order even if some fail to close. */
export interface Closer {
  add(name: string, close: () => unknown): void
  /** Each resource has a few seconds. A failure or timeout is logged and does not affect the others. Never fails. */
  close(): Promise<void>
}

const longestMs = 3000

export function makeCloser(log: { warn(context: object, message: string): void }): Closer {
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

/** Waits for `work`, at most `ms`. Rejects if it does; later results are ignored. */
export async function isDoneWithin(ms: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController()
  const isLate = sleep(ms, false, { signal: over.signal }).catch(() => false)
  return Promise.race([work.then(() => true), isLate]).finally(() => over.abort())
}
