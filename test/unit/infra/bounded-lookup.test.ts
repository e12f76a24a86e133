import type { LookupFunction } from 'node:net'
import { expect, it, vi } from 'vitest'
import { makeBoundedLookup } from '../../../src/infra/bounded-lookup.ts'

/** A resolver that responds on demand. */
function setup(maxConcurrent: number) {
  const requested: string[] = []
  const responses = new Map<string, () => void>()
  const lookup: LookupFunction = (hostname, _options, callback) => {
    requested.push(hostname)
    responses.set(hostname, () => callback(null, [{ address: '192.0.2.1', family: 4 }]))
  }
  const bounded = makeBoundedLookup(maxConcurrent, lookup)
  const results = vi.fn()
  const resolve = (hostname: string) => bounded(hostname, { all: true }, (_error, found) => results(hostname, found))
  return { requested, resolve, results, respond: (hostname: string) => responses.get(hostname)?.() }
}

it('limits concurrent lookups and queues the others in order', () => {
  const { requested, resolve, respond, results } = setup(2)
  for (const name of ['slow', 'b', 'c', 'd']) resolve(name)
  expect(requested).toEqual(['slow', 'b'])
  respond('b')
  expect(requested).toEqual(['slow', 'b', 'c'])
  respond('c')
  respond('d')
  expect(results.mock.calls.map(([name]) => name)).toEqual(['b', 'c', 'd'])
})

it('shares a running lookup between callers and repeats it later', () => {
  const { requested, resolve, respond, results } = setup(2)
  for (const name of ['a', 'a', 'a']) resolve(name)
  expect(requested).toEqual(['a'])
  respond('a')
  expect(results).toHaveBeenCalledTimes(3)
  resolve('a')
  expect(requested).toEqual(['a', 'a'])
})

it('times out a lookup but keeps its slot until the resolver responds', () => {
  vi.useFakeTimers()
  const responses: (() => void)[] = []
  const bounded = makeBoundedLookup(1, (_name, _options, callback) => responses.push(() => callback(null, [])), 100)
  const results: unknown[] = []
  bounded('slow', {}, (error) => results.push(error?.code))
  bounded('queued', {}, (error) => results.push(error?.code ?? 'resolved'))
  vi.advanceTimersByTime(500)
  expect([results, responses.length]).toEqual([['EAI_AGAIN'], 1])
  responses[0]?.()
  responses[1]?.()
  expect(results).toEqual(['EAI_AGAIN', 'resolved'])
  vi.useRealTimers()
})

it('rejects lookups beyond the queue limit', () => {
  const bounded = makeBoundedLookup(1, () => {})
  const rejected: unknown[] = []
  for (let count = 0; count < 1100; count += 1) bounded(`n${count}`, {}, (error) => rejected.push(error?.code))
  expect(rejected).toHaveLength(99)
  expect(new Set(rejected)).toEqual(new Set(['EAI_AGAIN']))
})
