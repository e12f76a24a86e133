import { describe, expect, it } from 'vitest'
import { observeJob } from '../../../src/providers/kubernetes/job-observation.ts'
import type { JsonObject } from '../../../src/vocabulary/json.ts'

const condition = (type: string, more: JsonObject = {}) => ({
  ...{ type, status: 'True', lastTransitionTime: '2026-01-05T12:01:00Z' },
  ...more,
})

const jobOf = (status: JsonObject, { annotations = {}, spec = {}, labels = {} } = {}): JsonObject => ({
  metadata: {
    ...{ name: 'train-symabc23456789', uid: 'aaaaaaaa-0000-4000-a000-000000000001', annotations },
    labels: { 'switchyard/correlation-tag': 'mabc23456789', ...labels },
  },
  spec,
  status: { startTime: '2026-01-05T12:00:00Z', ...status },
})

const podOf = (status: JsonObject, state: JsonObject = {}): JsonObject => ({
  metadata: { name: 'train-0' },
  status: {
    ...status,
    containerStatuses: [
      { name: 'sidecar', state: {} },
      { name: 'main', state },
    ],
  },
})

const observe = (job: JsonObject, pods: JsonObject[] = []) => observeJob(job, pods, [])
const failed = jobOf({ failed: 1, conditions: [condition('Failed', { reason: 'BackoffLimitExceeded', message: 'x' })] })

describe('Kubernetes Job observation', () => {
  it.each([
    ['SuccessCriteriaMet', 'Terminating'],
    ['FailureTarget', 'Terminating'],
    ['Complete', 'Complete'],
    ['Failed', 'Failed'],
    ['SomethingNew', 'Running'],
  ])('maps the condition %s to %s', (type, rawState) => {
    expect(observe(jobOf({ active: 1, ready: 1, conditions: [condition(type)] }))).toMatchObject({ rawState })
  })

  it('ignores a condition that is not true', () => {
    const conditions = [condition('Complete', { status: 'False' }), condition('Failed', { status: 'Unknown' })]
    expect(observe(jobOf({ active: 1, ready: 0, conditions }))).toMatchObject({ rawState: 'Pending' })
  })

  it('is canceled only by the deadline of a cancel', () => {
    const annotations = { 'switchyard/canceled': 'true' }
    const deadline = { conditions: [condition('Failed', { reason: 'DeadlineExceeded' })] }
    const backoff = { conditions: [condition('Failed', { reason: 'BackoffLimitExceeded' })] }
    expect(observe(jobOf(deadline, { annotations }))).toMatchObject({ status: 'canceled' })
    expect(observe(jobOf(deadline))).toMatchObject({ status: 'failed' })
    expect(observe(jobOf(backoff, { annotations }))).toMatchObject({ status: 'failed' })
  })

  it('is pending while Kueue suspends the Job', () => {
    const labels = { 'kueue.x-k8s.io/queue-name': 'night' }
    const job = jobOf({}, { spec: { suspend: true }, labels })
    expect(observe(job)).toMatchObject({ status: 'pending', message: 'Kueue: waiting in the queue night.' })
    expect(observe(jobOf({}, { spec: { suspend: true } }))).toMatchObject({ status: 'pending', reason: 'suspended' })
  })

  it.each([
    [
      {
        phase: 'Pending',
        conditions: [condition('PodScheduled', { status: 'False', reason: 'Unschedulable', message: '0/1 nodes' })],
      },
      {},
      'Unschedulable: 0/1 nodes',
    ],
    [
      { phase: 'Pending' },
      { waiting: { reason: 'ErrImagePull', message: 'no such image' } },
      'ErrImagePull: no such image',
    ],
    [{ phase: 'Pending' }, { waiting: { reason: 'CreateContainerConfigError' } }, 'CreateContainerConfigError'],
  ])('contains the reason for a waiting pod: %j', (status, state, message) => {
    expect(observe(jobOf({ active: 1 }), [podOf(status, state)])).toMatchObject({
      status: 'pending',
      message: `Kubernetes: ${message}`,
    })
  })

  it('has no message while a pod is starting normally', () => {
    const seen = observe(jobOf({ active: 1 }), [
      podOf({ phase: 'Pending' }, { waiting: { reason: 'ContainerCreating' } }),
    ])
    expect(seen).not.toHaveProperty('message')
  })

  it.each([
    [{}, { exitCode: 3, reason: 'Error' }, { reason: 'nonzero_exit', exitCode: 3 }],
    [{}, { exitCode: 137, reason: 'OOMKilled' }, { reason: 'out_of_memory', exitCode: 137 }],
    [{}, { exitCode: 128, reason: 'StartError' }, { reason: 'launch_failed' }],
    [{ reason: 'DeadlineExceeded' }, { exitCode: 137, reason: 'Error' }, { reason: 'time_limit' }],
    [{ reason: 'Evicted', message: 'The node was low on memory' }, { exitCode: 137 }, { reason: 'node_failure' }],
    [
      { conditions: [condition('DisruptionTarget', { reason: 'PreemptionByScheduler' })] },
      { exitCode: 143 },
      { reason: 'preempted' },
    ],
  ])('has the failure reason of its pod: %j %j', (status, terminated, expected) => {
    expect(observe(failed, [podOf({ phase: 'Failed', ...status }, { terminated })])).toMatchObject(expected)
  })

  it('has the failure reason of the pod that failed first', () => {
    const ended = (exitCode: number, finishedAt: string) =>
      podOf({ phase: 'Failed' }, { terminated: { exitCode, reason: 'Error', finishedAt } })
    const [later, cause] = [ended(143, '2026-01-05T12:00:09Z'), ended(3, '2026-01-05T12:00:07Z')]
    const evicted = podOf({ phase: 'Failed', reason: 'Evicted' })
    expect(observe(failed, [later, cause])).toMatchObject({ reason: 'nonzero_exit', exitCode: 3 })
    expect(observe(failed, [evicted, later])).toMatchObject({ reason: 'nonzero_exit', exitCode: 143 })
    expect(observe(failed, [evicted])).toMatchObject({ reason: 'node_failure' })
  })

  it('has no exit code and no reason if the pods are gone', () => {
    const seen = observe(failed)
    expect(seen).toMatchObject({ status: 'failed', message: 'Kubernetes: BackoffLimitExceeded: x' })
    expect(seen).not.toHaveProperty('exitCode')
    expect(seen).not.toHaveProperty('reason')
  })

  it('starts with the container, not with the pod', () => {
    const running = podOf({ phase: 'Running' }, { running: { startedAt: '2026-01-05T12:00:30Z' } })
    expect(observe(jobOf({ active: 1, ready: 1 }), [running])?.startedAt).toEqual(new Date('2026-01-05T12:00:30Z'))
    expect(observe(jobOf({ active: 1, ready: 1 }))).not.toHaveProperty('startedAt')
  })
})
