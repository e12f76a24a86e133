import { describe, expect, it } from 'vitest'
import type { Observation } from '../../../src/providers/observation.ts'
import { makeObservationCaches } from '../../../src/workloads/sweep/observation-cache.ts'
import type { Watched } from '../../../src/workloads/sweep/sweeps.repository.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeWorkload } from './make-workload.ts'

const workload = (more: Partial<Workload> = {}): Workload =>
  makeWorkload('job', { id: 'job_1', status: 'running', remoteId: '7', ...(more as Partial<Workload<'job'>>) })
const watched = (more: Partial<Watched> = {}): Watched => ({
  ...{
    id: 'job_1',
    remoteId: '7',
    correlationTag: 'm',
    remoteIdentity: null,
    imported: false,
    version: workload().version,
  },
  ...{ dispatchedAt: null, observedAt: null, missingSince: null },
  ...more,
})
const observe = (more: Partial<Observation<'job'>> = {}): Observation<'job'> => ({
  ...{ remoteId: '7', rawState: 'RUNNING', status: 'running', payload: () => ({ note: 1 }) },
  ...more,
})

function cacheWith(cached: Workload, observation = observe()) {
  const cache = makeObservationCaches().of('conn_1', 'job')
  cache.note(cached, observation)
  return cache
}

describe('cached observation', () => {
  it('is known the next time, regardless of its payload', () => {
    expect(cacheWith(workload()).isKnown(watched(), observe({ payload: () => ({ note: 2 }) }))).toBe(true)
  })

  it.each<[string, Partial<Watched>, Partial<Observation<'job'>>]>([
    ['another state', {}, { rawState: 'COMPLETED', status: 'succeeded' }],
    ['another message', {}, { message: 'Priority' }],
    ['another exit code', {}, { exitCode: 1 }],
    ['a start time', {}, { startedAt: new Date(0) }],
    ['a changed record', { version: 99 }, {}],
    ['a missing record', { missingSince: new Date(0) }, {}],
  ])('is compared again after %s', (_, item, observation) => {
    expect(cacheWith(workload()).isKnown(watched(item), observe(observation))).toBe(false)
  })

  it.each<Partial<Workload>>([
    { nextAttemptAt: new Date(0) },
    { lastActionAt: new Date(0) },
    { failures: 1 },
    { missingSince: new Date(0) },
  ])('is compared again while its effect depends on time (%o)', (more) => {
    expect(cacheWith(workload(more)).isKnown(watched(), observe())).toBe(false)
  })

  it('is removed when a scan no longer contains the object', () => {
    const cache = cacheWith(workload())
    cache.keep(new Set())
    expect(cache.isKnown(watched(), observe())).toBe(false)
  })
})

it('observations are kept for an hour after the last scan of their list', () => {
  let now = 0
  const hourMs = 3_600_000
  const caches = makeObservationCaches(() => now)
  const isKnown = (connectionId: string) => caches.of(connectionId, 'job').isKnown(watched(), observe())
  for (const connectionId of ['scanned', 'left']) caches.of(connectionId, 'job').note(workload(), observe())
  now = hourMs / 2
  expect(isKnown('scanned')).toBe(true)
  now = hourMs + 1
  expect([isKnown('scanned'), isKnown('left')]).toEqual([true, false])
})
