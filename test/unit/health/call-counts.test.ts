import { beforeEach, expect, it } from 'vitest'
import { makeCallCounts } from '../../../src/health/call-counts.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'

let nowMs = 0
beforeEach(() => {
  nowMs = 1000
})
const makeCounts = () => makeCallCounts({ monotonicMs: () => nowMs })
const call = { connectionId: 'conn_1', operation: 'list', seconds: 0.04 }
const outage = new ProviderError('unavailable', 'No connection to https://slurm.example.com (ECONNREFUSED).')

it('sums calls by connection, operation and code', () => {
  const counts = makeCounts()
  counts.add(call)
  counts.add({ ...call, seconds: 3 })
  counts.add({ ...call, error: outage })
  counts.add({ ...call, connectionId: 'conn_2' })
  const { counts: taken } = counts.drain()
  expect(taken.map(({ connectionId, code, calls, durationMs }) => [connectionId, code, calls, durationMs])).toEqual([
    ['conn_1', 'ok', 2, 3040],
    ['conn_1', 'unavailable', 1, 40],
    ['conn_2', 'ok', 1, 40],
  ])
  expect(taken[0]?.buckets).toEqual([0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
  expect(counts.drain()).toEqual({ counts: [], results: [] })
})

it('records the last success and failure, but not a rejected request', () => {
  const counts = makeCounts()
  counts.add(call)
  nowMs = 2000
  counts.add({ ...call, error: outage })
  nowMs = 3000
  counts.add({ ...call, operation: 'get', error: new ProviderError('not_found', 'No such job.') })
  const failure = { operation: 'list', code: 'unavailable', message: outage.message }
  expect(counts.drain().results).toEqual([{ connectionId: 'conn_1', succeededAtMs: 1000, failedAtMs: 2000, failure }])
})

it('keeps the message of the first of several failures until the next store', () => {
  const counts = makeCounts()
  const fail = (message: string) => {
    counts.add({ ...call, operation: 'create', error: new ProviderError('timeout', message), environmentVariables: {} })
    nowMs += 1
  }
  fail('first')
  fail('second')
  expect(counts.drain().results).toMatchObject([{ failedAtMs: 1001, failure: { message: 'first' } }])
  fail('third')
  expect(counts.drain().results).toMatchObject([{ failedAtMs: 1002, failure: { message: 'third' } }])
})

it('merges counts that were not stored with newer ones and keeps the newest results', () => {
  const counts = makeCounts()
  counts.add(call)
  counts.add({ ...call, error: outage })
  const taken = counts.drain()
  nowMs = 5000
  counts.add(call)
  counts.restore(taken)
  const again = counts.drain()
  expect(again.counts.map(({ code, calls }) => [code, calls])).toEqual([
    ['ok', 2],
    ['unavailable', 1],
  ])
  expect(again.results).toEqual([expect.objectContaining({ succeededAtMs: 5000, failedAtMs: 1000 })])
})

it('limits counts and results to 10,000 connections', () => {
  const counts = makeCounts()
  for (let index = 0; index < 10_100; index += 1) counts.add({ ...call, connectionId: `conn_${index}` })
  const taken = counts.drain()
  expect([taken.counts.length, taken.results.length]).toEqual([10_000, 10_000])
  for (let index = 0; index < 10_000; index += 1) counts.add({ ...call, connectionId: `other_${index}` })
  counts.restore(taken)
  const again = counts.drain()
  expect([again.counts.length, again.results.length]).toEqual([10_000, 10_000])
})
