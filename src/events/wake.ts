import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'

/** Tells waiters, in this process and every other, that workloads have changed. */
export interface Wake {
  /** Joined with what else changes in the next moment. Never awaited, never fails: whoever waits also looks by itself. */
  changed(workloadIds: readonly string[]): void
  /** Resolves when the workload may have changed, or after `ms`, or when aborted; the waiter then reads it again. */
  wait(workloadId: string, ms: number, signal: AbortSignal): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** A session that only listens. */
export interface ListenClient extends Pick<ClientBase, 'query' | 'on'> {
  connect(): Promise<unknown>
  end(): Promise<void>
}

interface Deps {
  /** One statement of its own, after commits: inside a transaction NOTIFY makes every commit wait for the others. */
  notify(channel: string, payload: string): Promise<void>
  connect(): ListenClient
  log: { warn(context: object, message: string): void }
}

const channel = 'switchyard_changed'
const notifyEveryMs = 20
/** A NOTIFY takes 8000 bytes at most; more ids than this become "look at everything". */
const mostIds = 200
const everything = '*'
const reconnectMs = 500

export function makeWake({ notify, connect, log }: Deps): Wake {
  const waiters = new Map<string, Set<() => void>>()
  const pending = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let client: ListenClient | null = null
  let isClosed = false

  function wakeAll(): void {
    for (const each of [...waiters.values()].flatMap((set) => [...set])) each()
  }

  function heard(payload: string | undefined): void {
    if (payload === undefined || payload === everything) wakeAll()
    else for (const id of payload.split(',')) for (const each of waiters.get(id) ?? []) each()
  }

  function tell(): void {
    timer = undefined
    const payload = pending.size > mostIds ? everything : [...pending].join(',')
    pending.clear()
    notify(channel, payload).catch((error: unknown) => log.warn({ err: error }, 'waiters could not be told'))
  }

  async function listen(): Promise<void> {
    const next = connect()
    next.on('notification', ({ payload }) => heard(payload))
    next.on('error', () => {})
    next.on('end', () => void relisten())
    await next.connect()
    await next.query(`LISTEN ${channel}`)
    client = next
  }

  /** What was told while nobody listened is lost, so after a reconnect everybody looks again. */
  async function relisten(): Promise<void> {
    client = null
    while (!isClosed && client === null) {
      await sleep(reconnectMs)
      if (isClosed) return
      await listen().catch((error: unknown) => log.warn({ err: error }, 'listening for changes failed; trying again'))
    }
    wakeAll()
  }

  return {
    changed(workloadIds) {
      for (const id of workloadIds) pending.add(id)
      timer ??= setTimeout(tell, notifyEveryMs)
    },

    async wait(workloadId, ms, signal) {
      const set = waiters.get(workloadId) ?? new Set()
      waiters.set(workloadId, set)
      const { promise, resolve } = Promise.withResolvers<void>()
      set.add(resolve)
      const timeout = setTimeout(resolve, ms)
      signal.addEventListener('abort', () => resolve(), { once: true })
      await promise
      clearTimeout(timeout)
      set.delete(resolve)
      if (set.size === 0) waiters.delete(workloadId)
    },

    start: listen,

    async close() {
      isClosed = true
      clearTimeout(timer)
      await client?.end()
      wakeAll()
    },
  }
}
