import { enteredAt, momentAt } from '../timeline.ts'
import type { WorldObject } from '../world.ts'
import { endedStates, firstContainer, podSpecIn } from './lifecycle.ts'
import { type Fields, type ObjectData, timeOf } from './wire.ts'

export type Stored = WorldObject<ObjectData>

/** Metadata of any object: fields set by the server and sent by a client. */
export function metadataView({ id: uid, data, createdAt }: Stored, namespace: string): object {
  return {
    ...data.metadata,
    namespace,
    uid,
    resourceVersion: String(createdAt % 1_000_000),
    generation: data.generation,
    creationTimestamp: timeOf(createdAt),
    managedFields: [
      { manager: 'node-fetch', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} },
    ],
  }
}

const condition = (type: string, at: number, more: object = {}) => ({
  type,
  status: 'True',
  lastProbeTime: timeOf(at),
  lastTransitionTime: timeOf(at),
  ...more,
})

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
export function jobView(job: Stored, namespace: string, now: number): object {
  const { state } = momentAt(job.timeline, now)
  const { metadata, spec } = job.data
  const uid = job.id
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      ...metadataView(job, namespace),
      ...(state === 'Deleting' ? { deletionTimestamp: timeOf(now) } : {}),
    },
    spec: {
      completions: 1,
      parallelism: 1,
      completionMode: 'NonIndexed',
      ...spec,
      suspend: state === 'Suspended',
      selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': uid } },
      template: withLabels(spec.template, {
        'batch.kubernetes.io/controller-uid': uid,
        'batch.kubernetes.io/job-name': metadata.name,
      }),
    },
    status: jobStatus(job, now),
  }
}

function withLabels(template: unknown, labels: object): object {
  const { metadata = {}, ...rest } = (template ?? {}) as { metadata?: { labels?: object } }
  return { ...rest, metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } }
}

function jobStatus({ timeline, data }: Stored, now: number): object {
  const { state, at, outcome = '' } = momentAt(timeline, now)
  const [reason = '', pod = ''] = outcome.split(' ')
  const nodes = Number((data.spec as Fields).completions ?? 1)
  const startedAt = timeline.find((moment) => moment.state === 'Pending')?.at ?? at
  const base = { startTime: timeOf(startedAt), uncountedTerminatedPods: {} }
  const why = {
    reason,
    message:
      reason === 'DeadlineExceeded'
        ? 'Job was active longer than specified deadline'
        : 'Job has reached the specified backoff limit',
  }
  switch (state) {
    case 'Suspended':
      return { conditions: [condition('Suspended', at, { reason: 'JobSuspended', message: 'Job suspended' })] }
    case 'Pending':
      return { ...base, active: nodes, ready: 0, terminating: 0 }
    case 'Running':
    case 'Deleting':
      return { ...base, active: nodes, ready: nodes, terminating: 0 }
    case 'Terminating': {
      const hasSucceeded = pod === 'Completed'
      const target = hasSucceeded ? condition('SuccessCriteriaMet', at) : condition('FailureTarget', at, why)
      return { ...base, terminating: nodes, conditions: [target] }
    }
    case 'Complete': {
      const conditions = [condition('SuccessCriteriaMet', at), condition('Complete', at)]
      return { ...base, succeeded: nodes, terminating: 0, ready: 0, completionTime: timeOf(at), conditions }
    }
    case 'Failed':
      return {
        ...base,
        failed: pod === '-' ? 0 : nodes,
        conditions: [condition('FailureTarget', at, why), condition('Failed', at, why)],
      }
    default:
      return base
  }
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/stateful-set-v1/ */
export function setView(set: Stored, namespace: string, now: number): object {
  const { state } = momentAt(set.timeline, now)
  const isUp = state === 'Pending' || state === 'Running'
  const count = state === 'Stopped' ? 0 : 1
  const ready = state === 'Running' ? 1 : 0
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: {
      ...metadataView(set, namespace),
      ...(state === 'Deleting' ? { deletionTimestamp: timeOf(now), finalizers: ['foregroundDeletion'] } : {}),
    },
    spec: { ...set.data.spec, replicas: isUp || state === 'Deleting' ? 1 : 0 },
    status: {
      observedGeneration: set.data.generation,
      replicas: count,
      ...(ready === 0 ? {} : { readyReplicas: ready, availableReplicas: ready }),
      currentReplicas: count,
      updatedReplicas: count,
    },
  }
}

/** The pods of a Job or a StatefulSet that exist now. */
export function podViews(owner: Stored, namespace: string, now: number): object[] {
  const { state, outcome = '' } = momentAt(owner.timeline, now)
  const isSet = owner.kind === 'statefulset'
  const isGone = state === 'Suspended' || state === 'Stopped' || (state === 'Failed' && outcome.includes(' - '))
  if (isGone) return []
  const { spec, metadata } = owner.data
  const count = isSet ? 1 : Number(spec.completions ?? 1)
  return Array.from({ length: count }, (_, index) => {
    const name = isSet ? `${metadata.name}-0` : `${metadata.name}-${index}-${owner.id.slice(0, 5)}`
    const kinds = { apiVersion: isSet ? 'apps/v1' : 'batch/v1', kind: isSet ? 'StatefulSet' : 'Job' }
    const labels = isSet
      ? { 'statefulset.kubernetes.io/pod-name': name }
      : { 'batch.kubernetes.io/controller-uid': owner.id, 'batch.kubernetes.io/job-name': metadata.name }
    const annotations = isSet ? {} : { 'batch.kubernetes.io/job-completion-index': String(index) }
    return {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        ...{ name, namespace, uid: `${owner.id.slice(0, -4)}${String(index).padStart(4, '0')}`, labels, annotations },
        ownerReferences: [{ ...kinds, name: metadata.name, uid: owner.id, controller: true }],
        creationTimestamp: timeOf(owner.createdAt),
      },
      spec: (spec.template as { spec?: object } | undefined)?.spec ?? {},
      status: podStatus(owner, now),
    }
  })
}

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#PodStatus */
function podStatus({ timeline, data }: Stored, now: number): object {
  const { name = '' } = firstContainer(podSpecIn(data.spec))
  const container = (state: object) => ({ name, ready: 'running' in state, restartCount: 0, state })
  const { state, at, outcome = '' } = momentAt(timeline, now)
  const startedAt = timeOf(enteredAt(timeline, 'Running', now) ?? at)
  const scheduled = condition('PodScheduled', at)
  if (state === 'Pending') {
    if (outcome === 'Unschedulable') {
      const message = '0/2 nodes are available: 2 Insufficient cpu.'
      return { phase: 'Pending', conditions: [{ ...scheduled, status: 'False', reason: 'Unschedulable', message }] }
    }
    const waiting = outcome === '' ? { reason: 'ContainerCreating' } : { reason: outcome, message: 'image not found' }
    return { phase: 'Pending', conditions: [scheduled], containerStatuses: [container({ waiting })] }
  }
  if (!endedStates.has(state)) {
    return { phase: 'Running', conditions: [scheduled], containerStatuses: [container({ running: { startedAt } })] }
  }
  const [, reason = 'Completed', exitCode = '0'] = outcome.split(' ')
  const terminated = {
    exitCode: Number(exitCode),
    reason: reason === 'DeadlineExceeded' ? 'Error' : reason,
    startedAt,
    finishedAt: timeOf(at),
  }
  return {
    phase: exitCode === '0' ? 'Succeeded' : 'Failed',
    ...(reason === 'DeadlineExceeded'
      ? { reason, message: 'Pod was active on the node longer than the specified deadline' }
      : {}),
    conditions: [scheduled],
    containerStatuses: [container({ terminated })],
  }
}
