import { setImmediate as turn } from 'node:timers/promises'
import { vi } from 'vitest'
import type { FeedPosition, FeedRepository, ProjectEvent } from '../../../src/events/feed.repository.ts'
import { makeFeed } from '../../../src/events/feed.ts'
import { cursorOf, isAfter } from '../../../src/events/feed-cursor.ts'
import { type Audience, openFeedStream } from '../../../src/events/feed-stream.ts'
import { makeTails } from '../../../src/events/tails.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'

const origin: FeedPosition = { xid: '0', workloadId: '', seq: 0 }

/** A feed in memory, which shows what is below a horizon; with every read of it counted. */
export function makeScene({ maxBytes = 1_000_000 } = {}) {
  const written: ProjectEvent[] = []
  const seqs = new Map<string, number>()
  let shown = 0
  let reads = 0
  let epoch = 'here'
  let heard = () => {}
  const repository: FeedRepository = {
    end: async () => ({ end: positionOf(written[shown - 1]), epoch }),
    async read(_projectId, { after, limit }) {
      reads += 1
      const upTo = shown
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
      heard = () => {
        clearTimeout(timeout)
        resolve()
      }
      signal.addEventListener('abort', heard, { once: true })
    })
  const tails = makeTails({ feed, wait, clock, maxBytes })

  return {
    written,
    reads: () => reads,
    become: (other: string) => {
      epoch = other
    },
    /** One transaction: an event of each of these workloads. */
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
    /** All that is written is below the horizon, and told of. */
    show(count = written.length) {
      shown = count
      heard()
    },
    async listen({
      cursor = null,
      kinds = ['job', 'environment'],
      isPermitted = async () => true,
    }: Partial<Omit<Audience, 'kinds'>> & { kinds?: readonly Kind[] } = {}) {
      const over = new AbortController()
      const end = vi.fn(() => over.abort())
      const audience = { projectId: 'prj', cursor, kinds: () => kinds, isPermitted }
      const texts = await openFeedStream({ feed, tails, clock }, audience, { signal: over.signal, end })
      return makeClient(texts, over, end)
    },
    cursorOf: (event: ProjectEvent | undefined) => cursorOf({ position: positionOf(event), epoch }),
  }
}

function positionOf(event: FeedPosition | undefined): FeedPosition {
  const { xid, workloadId, seq } = event ?? origin
  return { xid, workloadId, seq }
}

export type Scene = ReturnType<typeof makeScene>
export type Client = Awaited<ReturnType<Scene['listen']>>

/** Takes text while it is told to, and remembers what it was told. */
function makeClient(texts: AsyncIterable<string | Uint8Array>, over: AbortController, end: () => void) {
  const told: string[] = []
  const ids: string[] = []
  let comments = 0
  const iterator = texts[Symbol.asyncIterator]()
  async function take(): Promise<boolean> {
    const { done, value } = await iterator.next()
    const text = Buffer.from(value ?? '').toString()
    if (text.startsWith(':')) comments += 1
    for (const [, id = '', data = ''] of text.matchAll(/^id: (.*)\ndata: (.*)\n\n/gm)) {
      ids.push(id)
      told.push(JSON.parse(data).id)
    }
    return done !== true
  }
  return {
    told,
    ids,
    end,
    comments: () => comments,
    take,
    takeAll: async () => {
      while (await take());
    },
    hasLeft: () => over.signal.aborted,
    leave: () => over.abort(),
  }
}

export async function inVirtualTime<T>(run: (pass: (ms: number) => Promise<void>) => Promise<T>): Promise<T> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
  try {
    return await run(async (ms) => {
      for (let passed = 0; passed < ms; passed += 10) {
        await vi.advanceTimersByTimeAsync(10)
        await turn()
      }
    })
  } finally {
    vi.useRealTimers()
  }
}

export const idsOf = (events: readonly ProjectEvent[]) => events.map(({ id }) => id)
