import { setTimeout as sleep } from 'node:timers/promises'

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
