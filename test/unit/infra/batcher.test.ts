import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BatcherOptions, makeBatcher } from '../../../src/infra/batcher.ts'

class DataError extends Error {}
class TransientError extends Error {}

const makeTestBatcher = (
  flush: BatcherOptions<number, string>['flush'],
  more: Partial<BatcherOptions<number, string>> = {},
) =>
  makeBatcher<number, string>({
    concurrency: 1,
    maxItems: 100,
    isDataError: (error) => error instanceof DataError,
    isTransient: (error) => error instanceof TransientError,
    flush,
    ...more,
  })

const resultsOf = (items: readonly number[]) => items.map((item) => `a${item}`)

describe('concurrent calls', () => {
  it('share one statement and receive separate results', async () => {
    const batches: number[][] = []
    const call = makeTestBatcher(async (items) => {
      batches.push([...items])
      return resultsOf(items)
    })
    expect(await Promise.all([1, 2, 3].map(call))).toEqual(['a1', 'a2', 'a3'])
    expect(batches).toEqual([[1, 2, 3]])
  })

  it('go into different statements if their keys are equal', async () => {
    const batches: number[][] = []
    const flush = async (items: readonly number[]) => {
      batches.push([...items])
      return resultsOf(items)
    }
    const call = makeTestBatcher(flush, { keyOf: (item) => String(item % 10), maxItems: 3 })
    expect(await Promise.all([1, 11, 2, 21, 3, 4].map(call))).toEqual(['a1', 'a11', 'a2', 'a21', 'a3', 'a4'])
    expect(batches).toEqual([[1, 2, 3], [11, 4], [21]])
  })

  it('leave space for other keys in each statement', async () => {
    const batches: number[][] = []
    const flush = async (items: readonly number[]) => {
      batches.push([...items])
      return resultsOf(items)
    }
    const call = makeTestBatcher(flush, { keyOf: (item) => String(item % 10), maxPerKey: 2, maxItems: 4 })
    await Promise.all([1, 11, 21, 31, 2].map(call))
    expect(batches).toEqual([
      [1, 11, 2],
      [21, 31],
    ])
  })

  it('form the next statement while one is running', async () => {
    const batches: number[][] = []
    const { promise: isOpen, resolve: open } = Promise.withResolvers<void>()
    const { promise: hasBegun, resolve: begin } = Promise.withResolvers<void>()
    const call = makeTestBatcher(async (items) => {
      batches.push([...items])
      begin()
      await isOpen
      return resultsOf(items)
    })
    const first = call(1)
    await hasBegun
    const rest = [call(2), call(3)]
    open()
    await Promise.all([first, ...rest])
    expect(batches).toEqual([[1], [2, 3]])
  })

  it('respect the limits of concurrency and statement size', async () => {
    let running = 0
    let maxRunning = 0
    const sizes: number[] = []
    const call = makeTestBatcher(
      async (items) => {
        running += 1
        maxRunning = Math.max(maxRunning, running)
        sizes.push(items.length)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
        return resultsOf(items)
      },
      { concurrency: 2, maxItems: 3 },
    )
    const all = Array.from({ length: 20 }, (_, index) => index)
    expect(await Promise.all(all.map(call))).toEqual(resultsOf(all))
    expect(maxRunning).toBe(2)
    expect(Math.max(...sizes)).toBe(3)
  })
})

describe('data error', () => {
  it('fails only the item that causes it', async () => {
    const cases = fc.record({
      count: fc.integer({ min: 1, max: 40 }),
      bad: fc.uniqueArray(fc.nat(39), { maxLength: 4 }),
    })
    const property = fc.asyncProperty(cases, async ({ count, bad }) => {
      const call = makeTestBatcher(async (items) => {
        if (items.some((item) => bad.includes(item))) throw new DataError()
        return resultsOf(items)
      })
      const all = Array.from({ length: count }, (_, index) => index)
      const settled = await Promise.allSettled(all.map(call))
      settled.forEach((result, item) => {
        if (bad.includes(item)) expect(result).toMatchObject({ status: 'rejected', reason: expect.any(DataError) })
        else expect(result).toEqual({ status: 'fulfilled', value: `a${item}` })
      })
    })
    await fc.assert(property, { numRuns: 200 })
  })
})

describe('transient error', () => {
  it('is retried once with the same items', async () => {
    const batches: number[][] = []
    const call = makeTestBatcher(async (items) => {
      batches.push([...items])
      if (batches.length === 1) throw new TransientError()
      return resultsOf(items)
    })
    expect(await Promise.all([call(1), call(2)])).toEqual(['a1', 'a2'])
    expect(batches).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  it('fails all items after the retry, but not the next call', async () => {
    let flushes = 0
    const call = makeTestBatcher(async (items) => {
      flushes += 1
      if (flushes <= 2) throw new TransientError()
      return resultsOf(items)
    })
    expect(await Promise.allSettled([call(1), call(2)])).toEqual([
      { status: 'rejected', reason: expect.any(TransientError) },
      { status: 'rejected', reason: expect.any(TransientError) },
    ])
    expect(flushes).toBe(2)
    expect(await call(3)).toBe('a3')
  })
})

it('any other error fails the whole batch without a retry', async () => {
  let flushes = 0
  const call = makeTestBatcher(async () => {
    flushes += 1
    throw new TypeError('a bug')
  })
  const settled = await Promise.allSettled([call(1), call(2), call(3)])
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true)
  expect(flushes).toBe(1)
})
