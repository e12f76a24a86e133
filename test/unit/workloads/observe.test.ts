import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Observation } from '../../../src/providers/observation.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import { observed } from '../../../src/workloads/apply/observe.ts'
import { makeFacts, makeWorkload } from './make-workload.ts'

const seenAt = (time: string) => new Date(`2024-05-01T${time}Z`)
const facts = makeFacts<'job'>({ now: seenAt('12:10:00.000') })
const running = { status: 'running', startedAt: seenAt('12:00:00.900') } as const

function job(seen: Partial<Observation<'job'>>) {
  const over = { remoteId: '1', status: 'succeeded', rawState: 'DONE', payload: () => null } as const
  return observed(jobKind, makeWorkload('job', running), { ...over, ...seen }, facts)
}

describe('an observation of an end', () => {
  it('is not before the start, even with another clock or precision', () => {
    expect(job({ endedAt: seenAt('12:00:00.000') })).toMatchObject({
      startedAt: running.startedAt,
      endedAt: running.startedAt,
    })
  })

  it('lies behind a start that it tells itself', () => {
    const startedAt = seenAt('12:20:00.000')
    expect(job({ startedAt })).toMatchObject({ startedAt, endedAt: startedAt })
  })

  it('is taken as reported otherwise', () => {
    expect(job({ endedAt: seenAt('12:05:00.000') }).endedAt).toEqual(seenAt('12:05:00.000'))
  })
})

describe('a job that its provider put back into its queue', () => {
  const seen = { remoteId: '1', status: 'pending', rawState: 'PD', payload: () => null } as const
  const again = (status: 'running' | 'pending', more: Partial<Observation<'job'>> = {}) =>
    observed(jobKind, makeWorkload('job', { ...running, status, reason: 'requeued' }), { ...seen, ...more }, facts)

  it('says so as long as it waits, unless there is another reason', () => {
    expect(again('pending')).toMatchObject({ status: 'pending', reason: 'requeued' })
    expect(again('pending', { reason: 'start_required' })).toMatchObject({ reason: 'start_required' })
  })

  it('says so no more once it runs', () => {
    expect(again('pending', { status: 'running' })).toMatchObject({ status: 'running', reason: null })
  })
})

describe('a cancel that shows no effect yet', () => {
  const seen = { remoteId: '1', status: 'pending', rawState: 'PD', payload: () => null } as const
  const canceling = makeWorkload('job', { status: 'canceling', desired: 'cancel', remoteId: '1' })

  it('keeps its status, and tells what the provider says of it', () => {
    const change = observed(jobKind, canceling, { ...seen, message: 'It waits.' }, facts)
    expect(change).toMatchObject({ rawState: 'PD', message: 'It waits.' })
    expect(change).not.toHaveProperty('status')
    expect(observed(jobKind, canceling, seen, facts)).not.toHaveProperty('message')
  })
})

describe('an observation in a list', () => {
  const detail = { name: 'a', spec: { storage: { path: '/b/' }, url: 'old' }, error_code: 'X' }
  const observation = (payload: Json, omits: readonly string[] = []) =>
    observed(
      environmentKind,
      makeWorkload('environment', { status: 'running', remotePayload: detail }),
      { remoteId: '1', status: 'running', rawState: 'RUNNING', payload: () => payload, omits },
      makeFacts<'environment'>(),
    ).remotePayload

  it('keeps of the details what a list leaves out, and nothing else', () => {
    const listed = { name: 'b', spec: { url: 'new' } }
    const kept = { name: 'b', spec: { url: 'new', storage: { path: '/b/' } } }
    expect(observation(listed, ['spec.storage', 'spec.credential', 'tags'])).toEqual(kept)
    expect(observation(listed)).toEqual(listed)
  })

  it('counts for more where it does show it', () => {
    const listed = { spec: { storage: null } }
    expect(observation(listed, ['spec.storage'])).toEqual(listed)
  })

  it('brings nothing back whose surroundings are gone, or into what was cut', () => {
    expect(observation({ name: 'b', spec: null }, ['spec.storage'])).toEqual({ name: 'b', spec: null })
    expect(observation({ name: 'b' }, ['spec.storage'])).toEqual({ name: 'b' })
    expect(observation({ cut: true, bytes: 9, head: '{' }, ['name'])).toEqual({ cut: true, bytes: 9, head: '{' })
  })
})
