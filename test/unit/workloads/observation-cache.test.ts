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
const seen = (more: Partial<Observation<'job'>> = {}): Observation<'job'> => ({
  ...{ remoteId: '7', rawState: 'RUNNING', status: 'running', payload: () => ({ note: 1 }) },
  ...more,
})

function cacheThat(noted: Workload, observation = seen()) {
  const cache = makeObservationCaches().of('conn_1', 'job')
  cache.note(noted, observation)
  return cache
}

describe('an observation', () => {
  it('that changed nothing is known the next time, whatever else its payload says', () => {
    expect(cacheThat(workload()).isKnown(watched(), seen({ payload: () => ({ note: 2 }) }))).toBe(true)
  })

  it.each<[string, Partial<Watched>, Partial<Observation<'job'>>]>([
    ['another state', {}, { rawState: 'COMPLETED', status: 'succeeded' }],
    ['another message', {}, { message: 'Priority' }],
    ['another exit code', {}, { exitCode: 1 }],
    ['a start time', {}, { startedAt: new Date(0) }],
    ['a record that has changed since', { version: 99 }, {}],
    ['a record that is being looked for', { missingSince: new Date(0) }, {}],
  ])('is compared again with %s', (_, item, observation) => {
    expect(cacheThat(workload()).isKnown(watched(item), seen(observation))).toBe(false)
  })

  it.each<Partial<Workload>>([
    { nextAttemptAt: new Date(0) },
    { lastActionAt: new Date(0) },
    { failures: 1 },
    { missingSince: new Date(0) },
  ])('is compared again as long as its meaning depends on the time (%o)', (more) => {
    expect(cacheThat(workload(more)).isKnown(watched(), seen())).toBe(false)
  })

  it('is removed when a scan no longer shows the object', () => {
    const cache = cacheThat(workload())
    cache.keep(new Set())
    expect(cache.isKnown(watched(), seen())).toBe(false)
  })
})

it('of a list is kept as long as the list is scanned here now and then', () => {
  let now = 0
  const hourMs = 3_600_000
  const caches = makeObservationCaches(() => now)
  const isKnown = (connectionId: string) => caches.of(connectionId, 'job').isKnown(watched(), seen())
  for (const connectionId of ['scanned', 'left']) caches.of(connectionId, 'job').note(workload(), seen())
  now = hourMs / 2
  expect(isKnown('scanned')).toBe(true)
  now = hourMs + 1
  expect([isKnown('scanned'), isKnown('left')]).toEqual([true, false])
})
