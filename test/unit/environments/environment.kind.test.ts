import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import type { Status } from '../../../src/vocabulary/kinds.ts'
import { observed } from '../../../src/workloads/apply/observe.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeFacts, makeWorkload } from '../workloads/make-workload.ts'

const now = new Date('2026-01-05T12:00:00Z')
const facts = { now, pollIntervals: { quickMs: 1000, slowMs: 30_000, resendMs: 60_000, confirmGoneMs: 30_000 } }

/** The environment once these states were seen, one after the other. */
function seenAs(environment: Workload<'environment'>, ...statuses: Status<'environment'>[]) {
  let seen = environment
  for (const status of statuses) {
    const observation = { remoteId: 'r', status, rawState: status, payload: () => ({}) }
    seen = { ...seen, ...observed(environmentKind, seen, observation, facts) }
  }
  return seen
}

describe('an environment that is seen stopped', () => {
  it('without a request was stopped at the provider, and stays so', () => {
    const running = makeWorkload('environment', { status: 'running', desired: 'run' })
    expect(seenAs(running, 'stopped')).toMatchObject({ status: 'stopped', reason: 'stopped_remotely' })
    expect(seenAs(running, 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason: 'stopped_remotely' })
    expect(seenAs(running, 'stopped', 'running')).toMatchObject({ status: 'running', reason: null })
  })

  it('by its limit says so, and stays so', () => {
    const running = makeWorkload('environment', { status: 'running', desired: 'run', enforcing: 'auto_stopped' })
    expect(seenAs(running, 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason: 'auto_stopped' })
  })

  it.each([
    [3585, 'auto_stopped'],
    [3605, 'auto_stopped'],
    [3400, 'stopped_remotely'],
  ])('%i s after it was seen to run, by a provider that stops it after an hour: %s', (seconds, reason) => {
    const startedAt = new Date(now.getTime() - seconds * 1000)
    const spec = { name: 'train', autoStop: { afterSeconds: 3600 } }
    const running = makeWorkload('environment', { status: 'running', desired: 'run', spec, startedAt })
    expect(seenAs(running, 'stopped')).toMatchObject({ status: 'stopped', reason })
    expect(seenAs(running, 'stopping', 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason })
    const idle = { ...running, spec: { name: 'train', autoStop: { afterSeconds: 300, basis: 'idle' as const } } }
    expect(seenAs(idle, 'stopped')).toMatchObject({ reason: 'stopped_remotely' })
  })

  it.each(['provisioning', 'starting'] as const)('while it was %s could not be started', (status) => {
    const launching = makeWorkload('environment', { status, desired: 'run' })
    expect(seenAs(launching, 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason: 'launch_failed' })
    const ran = { ...launching, startedAt: now }
    expect(seenAs(ran, 'stopped')).toMatchObject({ status: 'stopped', reason: null })
    expect(seenAs({ ...launching, desired: 'stop' }, 'stopped')).toMatchObject({ status: 'stopped', reason: null })
  })

  it('as the client wanted gives no reason', () => {
    const stopping = makeWorkload('environment', { status: 'stopping', desired: 'stop' })
    expect(seenAs(stopping, 'stopped', 'stopped')).toMatchObject({ status: 'stopped', reason: null })
  })
})

describe('an open request', () => {
  const decide = (more: Partial<Workload<'environment'>>) =>
    environmentKind.nextAction(
      makeWorkload('environment', { remoteId: 'r', rawState: 'x', generation: 2, observedGeneration: 1, ...more }),
      makeFacts<'environment'>({ verbs: ['start', 'stop', 'delete'] }),
    )

  it.each(['stopped', 'failed', 'blocked'] as const)('starts what is %s', (status) => {
    expect(decide({ status, desired: 'run' })).toEqual({ do: 'control', verb: 'start' })
  })

  it.each(['provisioning', 'deleting'] as const)('does not start what is %s, and stays open', (status) => {
    expect(decide({ status, desired: 'run' })).toEqual({ do: 'wait', until: null })
  })
})

describe('a request after one that was not completed', () => {
  const superseding = { status: 'running', desired: 'run', remoteId: 'r', rawState: 'UP', generation: 2 } as const

  it('is decided on the current state, since the earlier action may have been sent', () => {
    const environment = makeWorkload('environment', superseding)
    const action = environmentKind.nextAction(environment, makeFacts({ now }))
    expect(action).toEqual({ do: 'settle', change: { observedGeneration: 1, rawState: null } })
    const alone = makeWorkload('environment', { ...superseding, observedGeneration: 1, rawState: null })
    expect(environmentKind.nextAction(alone, makeFacts({ now }))).toEqual({ do: 'get' })
  })

  it('costs no look where it is the only one', () => {
    const environment = makeWorkload('environment', { ...superseding, observedGeneration: 1 })
    const action = environmentKind.nextAction(environment, makeFacts({ now }))
    expect(action).toEqual({ do: 'settle', change: { observedGeneration: 2 } })
  })
})
