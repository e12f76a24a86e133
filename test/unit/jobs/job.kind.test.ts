import { describe, expect, it } from 'vitest'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import { makeFacts, makeWorkload } from '../workloads/make-workload.ts'

const environmentId = 'env_01h455vb4pex5vsknk084sn02q'
const decide = (environment: { status: string; desired?: string; remoteId?: string | null }, more: object = {}) =>
  jobKind.nextStep(
    makeWorkload('job', { environmentId, ...more }),
    makeFacts<'job'>({ environment: { remoteId: 'remote-1', desired: 'run', ...environment } as never }),
  )

describe('job before its creation', () => {
  it('is created in a running environment', () => {
    expect(decide({ status: 'running' })).toEqual({ do: 'create' })
  })

  it.each(['queued', 'dispatching', 'provisioning', 'stopped', 'stopping', 'starting', 'blocked'])(
    'waits while its environment is %s',
    (status) => {
      expect(decide({ status })).toMatchObject({ do: 'wait', reason: 'environment_not_ready' })
    },
  )

  it.each(['failed', 'deleting', 'deleted'])('fails with a %s environment', (status) => {
    expect(decide({ status })).toMatchObject({
      do: 'settle',
      change: { status: 'failed', reason: 'environment_failed', message: expect.stringContaining(`is ${status},`) },
    })
  })

  it.each(['queued', 'provisioning', 'running', 'stopped', 'blocked'])(
    'fails with a %s environment that is to be deleted',
    (status) => {
      expect(decide({ status, desired: 'delete' })).toMatchObject({
        do: 'settle',
        change: { status: 'failed', reason: 'environment_failed', message: expect.stringContaining('being deleted') },
      })
    },
  )

  it('is canceled on request, regardless of its environment', () => {
    expect(decide({ status: 'provisioning', desired: 'delete' }, { desired: 'cancel', generation: 1 })).toMatchObject({
      do: 'settle',
      change: { status: 'canceled' },
    })
  })
})

describe('running job whose fields were changed', () => {
  const at = new Date('2024-05-01T12:00:00.000Z')
  const running = { status: 'running', remoteId: 'remote-1', rawState: 'RUNNING', startedAt: at, dispatchedAt: at }
  const decideUpdate = (more: object = {}, facts: object = {}) =>
    jobKind.nextStep(
      makeWorkload('job', { ...running, ...more } as never),
      makeFacts<'job'>({ needsUpdate: true, ...facts }),
    )

  it('is updated at the provider', () => {
    expect(decideUpdate()).toEqual({ do: 'update' })
  })

  it('waits while its connection is paused', () => {
    const notBefore = new Date(at.getTime() + 60_000)
    const connection = { notBefore, pauseReason: 'provider_unavailable', hasFailed: true, isHeld: false }
    expect(decideUpdate({}, { connection })).toMatchObject({ do: 'wait', until: notBefore })
  })

  it('is canceled first', () => {
    const canceled = { desired: 'cancel', generation: 1 }
    expect(decideUpdate(canceled, { actions: ['cancel'] })).toEqual({ do: 'control', action: 'cancel' })
    expect(decideUpdate({ ...canceled, status: 'canceling', lastActionAt: at })).not.toMatchObject({ do: 'update' })
  })
})
