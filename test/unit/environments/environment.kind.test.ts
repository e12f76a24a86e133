import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import type { Status } from '../../../src/vocabulary/kinds.ts'
import { observed } from '../../../src/workloads/apply/observe.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeFacts, makeWorkload } from '../workloads/make-workload.ts'

const now = new Date('2026-01-05T12:00:00Z')
const facts = { now, pollIntervals: { quickMs: 1000, slowMs: 30_000, resendMs: 60_000, confirmGoneMs: 30_000 } }

/** The environment after these statuses were observed in order. */
function afterObserving(environment: Workload<'environment'>, ...statuses: Status<'environment'>[]) {
  let current = environment
  for (const status of statuses) {
    const observation = { remoteId: 'r', status, rawState: status, payload: () => ({}) }
    current = { ...current, ...observed(environmentKind, current, observation, facts) }
  }
  return current
}

describe('stopped environment', () => {
  it('has the reason stopped_remotely without a stop request', () => {
    const running = makeWorkload('environment', { status: 'running', desired: 'run' })
    expect(afterObserving(running, 'stopped')).toMatchObject({ status: 'stopped', reason: 'stopped_remotely' })
    expect(afterObserving(running, 'stopped', 'stopped')).toMatchObject({
      status: 'stopped',
      reason: 'stopped_remotely',
    })
    expect(afterObserving(running, 'stopped', 'running')).toMatchObject({ status: 'running', reason: null })
  })

  it('keeps the reason auto_stopped of an enforced limit', () => {
    const running = makeWorkload('environment', { status: 'running', desired: 'run', enforcing: 'auto_stopped' })
    expect(afterObserving(running, 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason: 'auto_stopped' })
  })

  it.each([
    [3585, 'auto_stopped'],
    [3605, 'auto_stopped'],
    [3400, 'stopped_remotely'],
  ])('%i s into a one-hour auto-stop has the reason %s', (seconds, reason) => {
    const startedAt = new Date(now.getTime() - seconds * 1000)
    const spec = { name: 'train', autoStop: { afterSeconds: 3600 } }
    const running = makeWorkload('environment', { status: 'running', desired: 'run', spec, startedAt })
    expect(afterObserving(running, 'stopped')).toMatchObject({ status: 'stopped', reason })
    expect(afterObserving(running, 'stopping', 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason })
    const idle = { ...running, spec: { name: 'train', autoStop: { afterSeconds: 300, basis: 'idle' as const } } }
    expect(afterObserving(idle, 'stopped')).toMatchObject({ reason: 'stopped_remotely' })
  })

  it.each(['provisioning', 'starting'] as const)(
    'has the reason launch_failed if it was %s and never ran',
    (status) => {
      const launching = makeWorkload('environment', { status, desired: 'run' })
      expect(afterObserving(launching, 'stopped', 'stopped')).toMatchObject({
        status: 'stopped',
        reason: 'launch_failed',
      })
      const ran = { ...launching, startedAt: now }
      expect(afterObserving(ran, 'stopped')).toMatchObject({ status: 'stopped', reason: null })
      expect(afterObserving({ ...launching, desired: 'stop' }, 'stopped')).toMatchObject({
        status: 'stopped',
        reason: null,
      })
    },
  )

  it('has no reason after a stop request', () => {
    const stopping = makeWorkload('environment', { status: 'stopping', desired: 'stop' })
    expect(afterObserving(stopping, 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason: null })
  })
})

describe('open action request', () => {
  const decide = (more: Partial<Workload<'environment'>>) =>
    environmentKind.nextStep(
      makeWorkload('environment', { remoteId: 'r', rawState: 'x', generation: 2, observedGeneration: 1, ...more }),
      makeFacts<'environment'>({ actions: ['start', 'stop', 'delete'] }),
    )

  it.each(['stopped', 'failed', 'blocked'] as const)('starts a %s environment', (status) => {
    expect(decide({ status, desired: 'run' })).toEqual({ do: 'control', action: 'start' })
  })

  it.each(['provisioning', 'deleting'] as const)('waits while the environment is %s', (status) => {
    expect(decide({ status, desired: 'run' })).toEqual({ do: 'wait', until: null })
  })
})

describe('superseding action request', () => {
  const superseding = { status: 'running', desired: 'run', remoteId: 'r', rawState: 'UP', generation: 2 } as const

  it('reads the current state first, since the earlier action may have been sent', () => {
    const environment = makeWorkload('environment', superseding)
    const step = environmentKind.nextStep(environment, makeFacts({ now }))
    expect(step).toEqual({ do: 'settle', change: { observedGeneration: 1, rawState: null } })
    const alone = makeWorkload('environment', { ...superseding, observedGeneration: 1, rawState: null })
    expect(environmentKind.nextStep(alone, makeFacts({ now }))).toEqual({ do: 'get' })
  })

  it('skips the read if no earlier request is open', () => {
    const environment = makeWorkload('environment', { ...superseding, observedGeneration: 1 })
    const step = environmentKind.nextStep(environment, makeFacts({ now }))
    expect(step).toEqual({ do: 'settle', change: { observedGeneration: 2 } })
  })
})
