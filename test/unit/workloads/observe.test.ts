import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Observation } from '../../../src/providers/observation.ts'
import type { Json } from '../../../src/vocabulary/json.ts'
import { observed } from '../../../src/workloads/apply/observe.ts'
import { makeFacts, makeWorkload } from './make-workload.ts'

const at = (time: string) => new Date(`2024-05-01T${time}Z`)
const facts = makeFacts<'job'>({ now: at('12:10:00.000') })
const running = { status: 'running', startedAt: at('12:00:00.900') } as const

function job(seen: Partial<Observation<'job'>>) {
  const ended = { remoteId: '1', status: 'succeeded', rawState: 'DONE', payload: () => null } as const
  return observed(jobKind, makeWorkload('job', running), { ...ended, ...seen }, facts)
}

describe('end time of an observation', () => {
  it('is not before the start, despite clock skew or precision', () => {
    expect(job({ endedAt: at('12:00:00.000') })).toMatchObject({
      startedAt: running.startedAt,
      endedAt: running.startedAt,
    })
  })

  it('is not before a start in the same observation', () => {
    const startedAt = at('12:20:00.000')
    expect(job({ startedAt })).toMatchObject({ startedAt, endedAt: startedAt })
  })

  it('is otherwise used as reported', () => {
    expect(job({ endedAt: at('12:05:00.000') }).endedAt).toEqual(at('12:05:00.000'))
  })
})

describe('requeued job', () => {
  const seen = { remoteId: '1', status: 'pending', rawState: 'PD', payload: () => null } as const
  const observeRequeued = (status: 'running' | 'pending', more: Partial<Observation<'job'>> = {}) =>
    observed(jobKind, makeWorkload('job', { ...running, status, reason: 'requeued' }), { ...seen, ...more }, facts)

  it('keeps the reason while it waits, unless there is another one', () => {
    expect(observeRequeued('pending')).toMatchObject({ status: 'pending', reason: 'requeued' })
    expect(observeRequeued('pending', { reason: 'start_required' })).toMatchObject({ reason: 'start_required' })
  })

  it('loses the reason when it runs', () => {
    expect(observeRequeued('pending', { status: 'running' })).toMatchObject({ status: 'running', reason: null })
  })
})

describe('pending cancel', () => {
  const seen = { remoteId: '1', status: 'pending', rawState: 'PD', payload: () => null } as const
  const canceling = makeWorkload('job', { status: 'canceling', desired: 'cancel', remoteId: '1' })

  it('keeps the status and shows the provider message', () => {
    const change = observed(jobKind, canceling, { ...seen, message: 'It waits.' }, facts)
    expect(change).toMatchObject({ rawState: 'PD', message: 'It waits.' })
    expect(change).not.toHaveProperty('status')
    expect(observed(jobKind, canceling, seen, facts)).not.toHaveProperty('message')
  })
})

describe('observation from a list', () => {
  const detail = { name: 'a', spec: { storage: { path: '/b/' }, url: 'old' }, error_code: 'X' }
  const observation = (payload: Json, omits: readonly string[] = []) =>
    observed(
      environmentKind,
      makeWorkload('environment', { status: 'running', remotePayload: detail }),
      { remoteId: '1', status: 'running', rawState: 'RUNNING', payload: () => payload, omits },
      makeFacts<'environment'>(),
    ).remotePayload

  it('keeps only the details that the list omits', () => {
    const listed = { name: 'b', spec: { url: 'new' } }
    const kept = { name: 'b', spec: { url: 'new', storage: { path: '/b/' } } }
    expect(observation(listed, ['spec.storage', 'spec.credential', 'tags'])).toEqual(kept)
    expect(observation(listed)).toEqual(listed)
  })

  it('replaces details that the list contains', () => {
    const listed = { spec: { storage: null } }
    expect(observation(listed, ['spec.storage'])).toEqual(listed)
  })

  it('does not restore details without their parent or in a truncated payload', () => {
    expect(observation({ name: 'b', spec: null }, ['spec.storage'])).toEqual({ name: 'b', spec: null })
    expect(observation({ name: 'b' }, ['spec.storage'])).toEqual({ name: 'b' })
    expect(observation({ cut: true, bytes: 9, head: '{' }, ['name'])).toEqual({ cut: true, bytes: 9, head: '{' })
  })
})
