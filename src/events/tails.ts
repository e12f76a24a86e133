import { type TailOptions, tailEvents } from '../http/event-tail.ts'
import type { FeedPosition } from './feed.repository.ts'
import type { Feed } from './feed.ts'
import { type FeedCursor, isAfter, parseFeedCursor } from './feed-cursor.ts'
import { makeRecentEvents, type RecentEvents } from './recent-events.ts'

/** Subscriber of a project's tail. */
export interface Listener {
  /** Position up to which it has received events; null while it reads from the database at its own pace. */
  position: FeedPosition | null
  /** Start of the pending write; null if the client has read everything. */
  sendingSinceMs: number | null
  /** Signals new events, or time to check for a heartbeat. */
  wake(): void
  /** Disconnects it: it reads too slowly, and its next events are no longer in memory. */
  cut(): void
}

/** Newest events of a project, read once for all subscribers in this process. */
export interface Tail {
  epoch: string
  recent: Omit<RecentEvents, 'append'>
  /** Error that stopped it; null while it runs. */
  error(): unknown
}

export interface Tails {
  /** Wakes the listener until `signal` is aborted. Rejects if the database cannot be read. */
  join(projectId: string, listener: Listener, signal: AbortSignal): Promise<Tail>
}

interface Deps {
  feed: Pick<Feed, 'page' | 'now'>
  wait(projectId: string, ms: number, signal: AbortSignal): Promise<unknown>
  clock: TailOptions<unknown>['clock']
  /** Memory limit for the text of each project. */
  maxBytes?: number
}

const maxConcurrent = 200
const defaultBytes = 1024 ** 2
const tickMs = 1000
/** How long a listener may read nothing after its events left memory. One that reads resumes from the database. */
const maxStallMs = 2000

/** Runs one reader per project, while it has subscribers. */
export function makeTails(deps: Deps): Tails {
  const running = new Map<string, ReturnType<typeof startTail>>()

  function start(projectId: string) {
    const tail = startTail(deps, projectId)
    running.set(projectId, tail)
    // Later subscribers get a new tail. Registered once here: a handler per listener would be retained as long.
    tail.ended.then(() => remove(projectId, tail))
    return tail
  }

  function remove(projectId: string, tail: ReturnType<typeof startTail>): void {
    if (running.get(projectId) === tail) running.delete(projectId)
  }

  return {
    join(projectId, listener, signal) {
      const tail = running.get(projectId) ?? start(projectId)
      tail.listeners.add(listener)
      const leave = () => {
        tail.listeners.delete(listener)
        if (tail.listeners.size > 0) return
        tail.stop()
        remove(projectId, tail)
      }
      if (signal.aborted) leave()
      else signal.addEventListener('abort', leave, { once: true })
      return tail.started
    },
  }
}

function startTail(deps: Deps, projectId: string) {
  const listeners = new Set<Listener>()
  const over = new AbortController()
  let recent: RecentEvents | null = null
  let failure: unknown = null

  function wakeListeners(): void {
    for (const listener of listeners) {
      if (recent !== null && isStuck(listener, recent.begin(), deps.clock.monotonicMs())) listener.cut()
      listener.wake()
    }
  }
  const ticking = setInterval(wakeListeners, tickMs)

  async function begin(): Promise<{ tail: Tail; reading: Promise<void> }> {
    const now = parseFeedCursor(await deps.feed.now(projectId))
    const events = makeRecentEvents(now.position, deps.maxBytes ?? defaultBytes)
    recent = events
    return { tail: { epoch: now.epoch, recent: events, error: () => failure }, reading: readOn(now, events) }
  }

  async function readOn(now: FeedCursor, events: RecentEvents): Promise<void> {
    const nothing = { messages: [], position: now, isFull: false, isBehind: false, isOver: false }
    for await (const { messages } of tailEvents(followingOf(deps, projectId), nothing, over.signal)) {
      events.append(messages)
      wakeListeners()
    }
  }

  const beginning = begin()
  const ended = beginning
    .then(({ reading }) => reading)
    .catch((error: unknown) => {
      failure = error
    })
    .finally(() => {
      clearInterval(ticking)
      wakeListeners()
    })
  return { listeners, ended, started: beginning.then(({ tail }) => tail), stop: () => over.abort() }
}

function isStuck({ position, sendingSinceMs }: Listener, begin: FeedPosition, nowMs: number): boolean {
  if (position === null || sendingSinceMs === null) return false
  return nowMs - sendingSinceMs >= maxStallMs && isAfter(begin, position)
}

function followingOf({ feed, wait, clock }: Deps, projectId: string) {
  return {
    clock,
    wait: (ms: number, signal: AbortSignal) => wait(projectId, ms, signal),
    // Each listener checks its own key.
    isPermitted: async () => true,
    async read(after: FeedCursor) {
      const { end, ...page } = await feed.page(projectId, { after, limit: maxConcurrent })
      return { ...page, position: end, isOver: false }
    },
  }
}
