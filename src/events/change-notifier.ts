import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientBase } from 'pg'
import { makeWaiters } from './waiters.ts'

/** Tells waiters, in this process and every other, that there is something new to read. */
export interface ChangeNotifier {
  /**
   * Ids of workloads that have changed, and of projects with a new event. Joined with what else changes in the next
   * moment. Never awaited, never fails: whoever waits also looks by itself.
   */
  changed(ids: readonly string[]): void
  /**
   * Resolves when the workload or project may have changed, or after `ms`, or when aborted; the waiter then reads again.
   * False: nobody waits any more, the process is about to stop.
   */
  wait(id: string, ms: number, signal: AbortSignal): Promise<boolean>
  /** The same for whatever may have changed. */
  waitForAny(ms: number, signal: AbortSignal): Promise<boolean>
  start(): Promise<void>
  /** Ends all waits: the process is about to stop. */
  endWaits(): void
  /** Aborted by `endWaits`. */
  readonly ended: AbortSignal
  close(): Promise<void>
}

/** A session that only listens. */
export interface ListenClient extends Pick<ClientBase, 'query' | 'on'> {
  connect(): Promise<unknown>
  end(): Promise<void>
}

interface Deps {
  /** Whose changes are told and heard: a database may hold several installations, each in a schema. */
  installationTag: string
  /** One statement of its own, after commits: inside a transaction NOTIFY makes every commit wait for the others. */
  notify(channel: string, payload: string): Promise<void>
  /** Null where no session is to be had: what other processes change is polled for. */
  connect: (() => ListenClient) | null
  log: { warn(context: object, message: string): void }
}

const notifyIntervalMs = 20
/** A NOTIFY takes 8000 bytes at most; more ids than this become "look at everything". */
const maxIds = 200
const everything = '*'
const reconnectMs = 500
/** Without LISTEN everybody who waits reads again this often. What this process changes is heard at once all the same. */
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

  function heard(payload: string | undefined): void {
    if (payload === undefined || payload === everything) waiters.wakeAll()
    else waiters.wake(payload.split(','))
  }

  function tell(): void {
    timer = undefined
    const payload = pending.size > maxIds ? everything : [...pending].join(',')
    pending.clear()
    if (connect === null) heard(payload)
    notify(channel, payload).catch((error: unknown) => log.warn({ err: error }, 'change notification failed'))
  }

  /** A client that did not get as far as listening is ended here; one that did tells when it is lost. */
  async function listen(make: () => ListenClient): Promise<void> {
    const next = make()
    next.on('error', () => {})
    next.on('notification', ({ payload }) => heard(payload))
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

  /** One loop at a time. What was told while nobody listened is lost, so after a reconnect everybody looks again. */
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
