import { describe, expect, it, vi } from 'vitest'
import { type TailBatch, type TailOptions, tailEvents } from '../../../src/http/event-tail.ts'

const nothing = { messages: [], isFull: false, isBehind: false, isOver: false }
const message = (id: number) => ({ id, data: { id } })

/** Readings one after the other, the last of them again and again; what was read and waited for, in order. */
function scene(readings: readonly Partial<TailBatch<number>>[], more: Partial<TailOptions<number>> = {}) {
  const log: string[] = []
  let count = 0
  let heard = () => {}
  const following: TailOptions<number> = {
    async read(after) {
      log.push(`read ${after}`)
      const reading = readings[Math.min(count, readings.length - 1)]
      count += 1
      return { ...nothing, position: after, ...reading }
    },
    wait(ms, signal) {
      log.push(`wait ${ms}`)
      return new Promise((resolve) => {
        heard = () => resolve(true)
        signal.addEventListener('abort', () => resolve(true), { once: true })
        setTimeout(() => resolve(true), ms)
      })
    },
    isPermitted: async () => true,
    clock: { monotonicMs: () => Date.now() },
    ...more,
  }
  return { following, log, tell: () => heard() }
}

const first = { ...nothing, position: 0 }

/** Runs in a time of its own, which stands still unless `advance` moves it. */
async function inVirtualTime<T>(run: () => Promise<T>): Promise<T> {
  vi.useFakeTimers()
  try {
    const result = run()
    result.catch(() => {})
    for (let step = 0; step < 2000; step += 1) await vi.advanceTimersByTimeAsync(10)
    return await result
  } finally {
    vi.useRealTimers()
  }
}

async function take<P>(
  readings: AsyncGenerator<TailBatch<P>>,
  count: number,
): Promise<{ atMs: number; reading: TailBatch<P> }[]> {
  const startMs = Date.now()
  const taken: { atMs: number; reading: TailBatch<P> }[] = []
  for await (const reading of readings) {
    taken.push({ atMs: Date.now() - startMs, reading })
    if (taken.length === count) break
  }
  return taken
}

describe('following', () => {
  it('hands on what was read first, and ends where that was the last', async () => {
    const { following, log } = scene([])
    const over = { ...first, messages: [message(1)], isOver: true }
    expect(await take(tailEvents(following, over, new AbortController().signal), 5)).toMatchObject([{ reading: over }])
    expect(log).toEqual([])
  })

  it('listens before it reads, and reads on from where it was', async () => {
    const { following, log, tell } = scene([
      { messages: [message(1)], position: 1 },
      { messages: [message(2)], position: 2, isOver: true },
    ])
    const taken = await inVirtualTime(() => {
      setTimeout(tell, 50)
      return take(tailEvents(following, first, new AbortController().signal), 5)
    })
    expect(taken.map(({ reading }) => reading.position)).toEqual([0, 1, 2])
    expect(log).toEqual(['wait 4000', 'read 0', 'wait 3900', 'read 1'])
  })

  it('reads what there is at once, and what comes later no more than ten times a second', async () => {
    const { following, tell } = scene([
      { messages: [message(1)], position: 1, isFull: true },
      { messages: [message(2)], position: 2 },
      { messages: [message(3)], position: 3, isOver: true },
    ])
    const taken = await inVirtualTime(() => {
      setTimeout(tell, 10)
      return take(tailEvents(following, { ...first, isFull: true }, new AbortController().signal), 5)
    })
    expect(taken.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 100])
  })

  it('hands on where it is when nothing happens, so that a connection is not taken for dead', async () => {
    const { following, tell } = scene([{ position: 7 }])
    // Woken for nothing on the way.
    const taken = await inVirtualTime(() => {
      setTimeout(tell, 3800)
      return take(tailEvents(following, first, new AbortController().signal), 3)
    })
    expect(taken.map(({ reading }) => reading.position)).toEqual([0, 7, 7])
    const gaps = taken.slice(1).map(({ atMs }, index) => atMs - (taken[index]?.atMs ?? 0))
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(4200)
  })

  it('looks soon for what is held back, and ever less often while nothing moves', async () => {
    const times: number[] = []
    const held = { isBehind: true }
    const { following } = scene([held])
    const read = following.read
    following.read = (after) => {
      times.push(Date.now())
      return read(after)
    }
    await inVirtualTime(() => take(tailEvents(following, first, new AbortController().signal), 2))
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(gaps.slice(0, 6)).toEqual([50, 100, 200, 400, 800, 1000])
  })

  it('ends when the reader may not any more, and hands on nothing that came after', async () => {
    let isPermitted = true
    const { following } = scene([{ messages: [message(1)], position: 1 }], { isPermitted: async () => isPermitted })
    const readings = tailEvents(following, first, new AbortController().signal)
    await readings.next()
    isPermitted = false
    expect(await readings.next()).toEqual({ done: true, value: undefined })
  })

  it('is not driven by what others do while it is behind', async () => {
    const { following, log } = scene([{ isBehind: true }], { wait: async () => {} })
    const taken = await inVirtualTime(() => take(tailEvents(following, first, new AbortController().signal), 2))
    expect(taken[1]?.atMs).toBeGreaterThanOrEqual(4000)
    expect(log.length).toBeLessThan(12)
  })

  it('ends when the reader has left, in the middle of a wait too', async () => {
    const left = new AbortController()
    const { following } = scene([{}])
    const taken = await inVirtualTime(() => {
      setTimeout(() => left.abort(), 1000)
      return take(tailEvents(following, first, left.signal), 9)
    })
    expect(taken).toHaveLength(1)
  })
})
