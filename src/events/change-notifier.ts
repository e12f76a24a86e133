import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { makeWaiters } from './waiters.ts'

/** Notifies waiters in all processes of new data to read. */
export interface ChangeNotifier {
  /**
   * Reports ids of changed workloads, and of projects with a new event. Batched with other changes of the next moment.
   * Never awaited and never fails: waiters also poll.
   */
  changed(ids: readonly string[]): void
  /**
   * Resolves when the workload or project may have changed, after `ms`, or when aborted; the waiter then reads again.
   * False: waiting has ended, the process shuts down.
   */
  wait(id: string, ms: number, signal: AbortSignal): Promise<boolean>
  /** As `wait`, for any change. */
  waitForAny(ms: number, signal: AbortSignal): Promise<boolean>
  start(): Promise<void>
  /** Ends all waits at shutdown. */
  endWaits(): void
  /** Aborted by `endWaits`. */
  readonly ended: AbortSignal
  close(): Promise<void>
}

/** Database session for LISTEN. */
export interface ListenClient extends Pick<ClientBase, 'query' | 'on'> {
  connect(): Promise<unknown>
  end(): Promise<void>
}

interface Deps {
  /** Scope of notifications: a database may hold several installations, each in its own schema. */
  installationTag: string
  /** Separate statement after commits: NOTIFY inside a transaction serializes all commits. */
  notify(channel: string, payload: string): Promise<void>
  /** Null if no session is available: changes of other processes are then polled. */
  connect: (() => ListenClient) | null
  log: { warn(context: object, message: string): void }
}

const notifyIntervalMs = 20
/** A NOTIFY payload has at most 8000 bytes; more ids than this are sent as "everything changed". */
const maxIds = 200
const everything = '*'
const reconnectMs = 500
/** Poll interval of waiters without LISTEN. Changes of this process are still reported immediately. */
const pollMs = 1000

export function makeChangeNotifier({ installationTag, notify, connect, log }: Deps): ChangeNotifier {
  const channel = `switchyard_changed_${installationTag}`
  const waiters = makeWaiters()
  const pending = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let client: ListenClient | null = null
  let isClosed = false
  let isReconnecting = false
  let polling: NodeJS.Timeout | undefined

  function onNotification(payload: string | undefined): void {
    if (payload === undefined || payload === everything) waiters.wakeAll()
    else waiters.wake(payload.split(','))
  }

  function tell(): void {
    timer = undefined
    const payload = pending.size > maxIds ? everything : [...pending].join(',')
    pending.clear()
    if (connect === null) onNotification(payload)
    notify(channel, payload).catch((error: unknown) => log.warn({ err: error }, 'change notification failed'))
  }

  /** Closes a client that fails before LISTEN; a listening client reports its loss. */
  async function listen(make: () => ListenClient): Promise<void> {
    const next = make()
    next.on('error', () => {})
    next.on('notification', ({ payload }) => onNotification(payload))
    try {
      await next.connect()
      await next.query(`LISTEN ${channel}`)
    } catch (error) {
      await next.end().catch(() => {})
      throw error
    }
    client = next
    next.on('end', () => void relisten(make))
  }

  /**
   * Reconnects in a single loop. Notifications sent meanwhile are lost, so all waiters read again after a reconnect.
   */
  async function relisten(make: () => ListenClient): Promise<void> {
    client = null
    if (isReconnecting) return
    isReconnecting = true
    while (!isClosed && client === null) {
      await sleep(reconnectMs)
      if (!isClosed)
        await listen(make).catch((error: unknown) => log.warn({ err: error }, 'listening for changes failed; retrying'))
    }
    isReconnecting = false
    waiters.wakeAll()
  }

  return {
    changed(ids) {
      for (const id of ids) pending.add(id)
      timer ??= setTimeout(tell, notifyIntervalMs)
    },

    wait: waiters.wait,

    waitForAny: waiters.waitForAny,

    async start() {
      if (connect === null) polling = setInterval(waiters.wakeAll, pollMs)
      else await listen(connect)
    },

    endWaits: waiters.end,

    ended: waiters.ended,

    async close() {
      isClosed = true
      clearTimeout(timer)
      clearInterval(polling)
      await client?.end()
      waiters.wakeAll()
    },
  }
}
