import { describe, expect, it, vi } from 'vitest'
import { type TailBatch, type TailOptions, tailEvents } from '../../../src/http/event-tail.ts'

const empty = { messages: [], isFull: false, isBehind: false, isOver: false }
const message = (id: number) => ({ id, data: { id } })

/** Returns the batches in order, then the last one repeatedly, and logs reads and waits. */
function setup(batches: readonly Partial<TailBatch<number>>[], more: Partial<TailOptions<number>> = {}) {
  const log: string[] = []
  let count = 0
  let wake = () => {}
  const options: TailOptions<number> = {
    async read(after) {
      log.push(`read ${after}`)
      const batch = batches[Math.min(count, batches.length - 1)]
      count += 1
      return { ...empty, position: after, ...batch }
    },
    wait(ms, signal) {
      log.push(`wait ${ms}`)
      return new Promise((resolve) => {
        wake = () => resolve(true)
        signal.addEventListener('abort', () => resolve(true), { once: true })
        setTimeout(() => resolve(true), ms)
      })
    },
    isPermitted: async () => true,
    clock: { monotonicMs: () => Date.now() },
    ...more,
  }
  return { options, log, notify: () => wake() }
}

const first = { ...empty, position: 0 }

/** Runs with fake timers for 20 s of virtual time. */
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

async function collect<P>(
  batches: AsyncGenerator<TailBatch<P>>,
  count: number,
): Promise<{ atMs: number; batch: TailBatch<P> }[]> {
  const startMs = Date.now()
  const collected: { atMs: number; batch: TailBatch<P> }[] = []
  for await (const batch of batches) {
    collected.push({ atMs: Date.now() - startMs, batch })
    if (collected.length === count) break
  }
  return collected
}

describe('event tail', () => {
  it('yields the first batch and ends if it is the last', async () => {
    const { options, log } = setup([])
    const over = { ...first, messages: [message(1)], isOver: true }
    expect(await collect(tailEvents(options, over, new AbortController().signal), 5)).toMatchObject([{ batch: over }])
    expect(log).toEqual([])
  })

  it('waits before each read and resumes after the last position', async () => {
    const { options, log, notify } = setup([
      { messages: [message(1)], position: 1 },
      { messages: [message(2)], position: 2, isOver: true },
    ])
    const collected = await inVirtualTime(() => {
      setTimeout(notify, 50)
      return collect(tailEvents(options, first, new AbortController().signal), 5)
    })
    expect(collected.map(({ batch }) => batch.position)).toEqual([0, 1, 2])
    expect(log).toEqual(['wait 4000', 'read 0', 'wait 3900', 'read 1'])
  })

  it('reads full pages immediately and later changes at most ten times a second', async () => {
    const { options, notify } = setup([
      { messages: [message(1)], position: 1, isFull: true },
      { messages: [message(2)], position: 2 },
      { messages: [message(3)], position: 3, isOver: true },
    ])
    const collected = await inVirtualTime(() => {
      setTimeout(notify, 10)
      return collect(tailEvents(options, { ...first, isFull: true }, new AbortController().signal), 5)
    })
    expect(collected.map(({ atMs }) => atMs)).toEqual([0, 0, 0, 100])
  })

  it('yields its position at least every 4.2 s while idle', async () => {
    const { options, notify } = setup([{ position: 7 }])
    // One notification without new events.
    const collected = await inVirtualTime(() => {
      setTimeout(notify, 3800)
      return collect(tailEvents(options, first, new AbortController().signal), 3)
    })
    expect(collected.map(({ batch }) => batch.position)).toEqual([0, 7, 7])
    const gaps = collected.slice(1).map(({ atMs }, index) => atMs - (collected[index]?.atMs ?? 0))
    for (const gap of gaps) expect(gap).toBeLessThanOrEqual(4200)
  })

  it('polls for events behind the horizon at growing intervals', async () => {
    const times: number[] = []
    const held = { isBehind: true }
    const { options } = setup([held])
    const read = options.read
    options.read = (after) => {
      times.push(Date.now())
      return read(after)
    }
    await inVirtualTime(() => collect(tailEvents(options, first, new AbortController().signal), 2))
    const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0))
    expect(gaps.slice(0, 6)).toEqual([50, 100, 200, 400, 800, 1000])
  })

  it('ends without later events when the reader loses permission', async () => {
    let isPermitted = true
    const { options } = setup([{ messages: [message(1)], position: 1 }], { isPermitted: async () => isPermitted })
    const batches = tailEvents(options, first, new AbortController().signal)
    await batches.next()
    isPermitted = false
    expect(await batches.next()).toEqual({ done: true, value: undefined })
  })

  it('does not read for every notification while it is behind', async () => {
    const { options, log } = setup([{ isBehind: true }], { wait: async () => {} })
    const collected = await inVirtualTime(() => collect(tailEvents(options, first, new AbortController().signal), 2))
    expect(collected[1]?.atMs).toBeGreaterThanOrEqual(4000)
    expect(log.length).toBeLessThan(12)
  })

  it('ends when the reader leaves, also during a wait', async () => {
    const left = new AbortController()
    const { options } = setup([{}])
    const collected = await inVirtualTime(() => {
      setTimeout(() => left.abort(), 1000)
      return collect(tailEvents(options, first, left.signal), 9)
    })
    expect(collected).toHaveLength(1)
  })
})
