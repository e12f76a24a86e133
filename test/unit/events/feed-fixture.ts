import { setImmediate as turn } from 'node:timers/promises'
import { vi } from 'vitest'
import type { FeedPosition, FeedRepository, ProjectEvent } from '../../../src/events/feed.repository.ts'
import { makeFeed } from '../../../src/events/feed.ts'
import { cursorOf, isAfter } from '../../../src/events/feed-cursor.ts'
import { type Audience, openFeedStream } from '../../../src/events/feed-stream.ts'
import { makeTails } from '../../../src/events/tails.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'

const origin: FeedPosition = { xid: '0', workloadId: '', seq: 0 }

/** An in-memory feed that returns the events below a horizon and counts reads. */
export function makeFeedFixture({ maxBytes = 1_000_000 } = {}) {
  const written: ProjectEvent[] = []
  const seqs = new Map<string, number>()
  let horizon = 0
  let reads = 0
  let epoch = 'here'
  let notify = () => {}
  const repository: FeedRepository = {
    end: async () => ({ end: positionOf(written[horizon - 1]), epoch }),
    async read(_projectId, { after, limit }) {
      reads += 1
      const upTo = horizon
      await turn()
      const events = written
        .slice(0, upTo)
        .filter((event) => isAfter(event, after ?? origin))
        .slice(0, limit)
      const end = events.length === 0 ? (after ?? origin) : positionOf(events.at(-1))
      return { events, end, isFull: events.length === limit, isBehind: upTo < written.length, epoch, isPruned: false }
    },
  }
  const clock = { monotonicMs: () => Date.now() }
  const feed = makeFeed({ repository, retentionDays: 90 })
  const wait = (_id: string, ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      const timeout = setTimeout(resolve, ms)
      notify = () => {
        clearTimeout(timeout)
        resolve()
      }
      signal.addEventListener('abort', notify, { once: true })
    })
  const tails = makeTails({ feed, wait, clock, maxBytes })

  return {
    written,
    reads: () => reads,
    setEpoch: (other: string) => {
      epoch = other
    },
    /** One transaction with an event of each workload. */
    write(xid: number, workloads: readonly number[], text = '') {
      for (const workload of workloads.toSorted((a, b) => a - b)) {
        const workloadId = `job_${workload}`
        const seq = (seqs.get(workloadId) ?? 0) + 1
        seqs.set(workloadId, seq)
        const kind: Kind = workload % 2 === 0 ? 'job' : 'environment'
        const id = `${xid}/${workloadId}/${seq}`
        written.push({
          xid: String(xid),
          workloadId,
          seq,
          id,
          kind,
          type: `${kind}.running`,
          at: new Date(0),
          data: { text },
        })
      }
    },
    /** Raises the horizon to `count` events and notifies listeners. */
    publish(count = written.length) {
      horizon = count
      notify()
    },
    async listen({
      cursor = null,
      kinds = ['job', 'environment'],
      isPermitted = async () => true,
    }: Partial<Omit<Audience, 'kinds'>> & { kinds?: readonly Kind[] } = {}) {
      const ended = new AbortController()
      const end = vi.fn(() => ended.abort())
      const audience = { projectId: 'prj', cursor, kinds: () => kinds, isPermitted }
      const texts = await openFeedStream({ feed, tails, clock }, audience, { signal: ended.signal, end })
      return makeClient(texts, ended, end)
    },
    cursorOf: (event: ProjectEvent | undefined) => cursorOf({ position: positionOf(event), epoch }),
  }
}

function positionOf(event: FeedPosition | undefined): FeedPosition {
  const { xid, workloadId, seq } = event ?? origin
  return { xid, workloadId, seq }
}

export type FeedFixture = ReturnType<typeof makeFeedFixture>
export type Client = Awaited<ReturnType<FeedFixture['listen']>>

/** Reads messages on demand and records the ids of received events. */
function makeClient(texts: AsyncIterable<string | Uint8Array>, ended: AbortController, end: () => void) {
  const received: string[] = []
  const ids: string[] = []
  let comments = 0
  const iterator = texts[Symbol.asyncIterator]()
  async function readOne(): Promise<boolean> {
    const { done, value } = await iterator.next()
    const text = Buffer.from(value ?? '').toString()
    if (text.startsWith(':')) comments += 1
    for (const [, id = '', data = ''] of text.matchAll(/^id: (.*)\ndata: (.*)\n\n/gm)) {
      ids.push(id)
      received.push(JSON.parse(data).id)
    }
    return done !== true
  }
  return {
    received,
    ids,
    end,
    comments: () => comments,
    readOne,
    readAll: async () => {
      while (await readOne());
    },
    hasDisconnected: () => ended.signal.aborted,
    disconnect: () => ended.abort(),
  }
}

export async function inVirtualTime<T>(run: (advance: (ms: number) => Promise<void>) => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  try {
    return await run(async (ms) => {
      for (let elapsed = 0; elapsed < ms; elapsed += 10) {
        await vi.advanceTimersByTimeAsync(10)
        await turn()
      }
    })
  } finally {
    vi.useRealTimers()
  }
}

export const idsOf = (events: readonly ProjectEvent[]) => events.map(({ id }) => id)
