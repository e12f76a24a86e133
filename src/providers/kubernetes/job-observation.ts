import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import { readFlag, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { boundedPayload } from '../kit/redact.ts'
import { ranBetween, readTime } from '../kit/times.ts'
import type { Observation, Task } from '../observation.ts'
import { cleanObject } from './clean-object.ts'
import { canceledAnnotation, idIn, metadataOf, queueLabel, remoteIdOf, tagIn } from './objects.ts'
import { conditionOf, factsOf, inOrder, type PodFacts } from './pods.ts'

/**
 * A Job has conditions and counts of pods, from which its state is derived. `SuccessCriteriaMet` and `FailureTarget`
 * precede the end: pods may still run.
 * https://kubernetes.io/docs/concepts/workloads/controllers/job/#terminal-job-conditions
 */
export const jobStates: Readonly<Record<string, Status<'job'>>> = {
  Pending: 'pending',
  Suspended: 'pending',
  Running: 'running',
  Terminating: 'running',
  Complete: 'succeeded',
  Failed: 'failed',
  Canceled: 'canceled',
}

export type JobState = keyof typeof jobStates & string

/** The state of a Job. A cancel sets an annotation, and a deadline that has passed. */
export function stateOf(job: JsonObject): JobState {
  const status = readObject(job, 'status')
  const is = (type: string) => readText(conditionOf(status, type), 'status') === 'True'
  if (is('Complete')) return 'Complete'
  if (is('Failed')) return isCanceled(job, status) ? 'Canceled' : 'Failed'
  if (is('FailureTarget') || is('SuccessCriteriaMet')) return 'Terminating'
  if (readText(metadataOf(job), 'deletionTimestamp') !== undefined) return 'Terminating'
  if (readFlag(readObject(job, 'spec'), 'suspend') === true) return 'Suspended'
  return hasStarted(status) ? 'Running' : 'Pending'
}

export function isOver(state: JobState): boolean {
  return state === 'Complete' || state === 'Failed' || state === 'Canceled'
}

function isCanceled(job: JsonObject, status: JsonObject): boolean {
  const isMarked = readText(readObject(metadataOf(job), 'annotations'), canceledAnnotation) !== undefined
  return isMarked && readText(conditionOf(status, 'Failed'), 'reason') === 'DeadlineExceeded'
}

/** Whether a pod is ready or has ended; the counts of ended pods lag behind `uncountedTerminatedPods`. */
function hasStarted(status: JsonObject): boolean {
  const counts = ['ready', 'succeeded', 'failed'].map((name) => readNumber(status, name) ?? 0)
  const uncounted = readObject(status, 'uncountedTerminatedPods')
  const hasUncounted = ['succeeded', 'failed'].some((name) => readList(uncounted, name).length > 0)
  return hasUncounted || counts.some((count) => count > 0)
}

/** The observation of a Job; null if it shows no id. `pods` is null if they were not read. */
export function observeJob(
  job: JsonObject,
  pods: readonly JsonObject[] | null,
  literals: readonly string[],
): Observation<'job'> | null {
  const id = idIn(job)
  if (id === null) return null
  const rawState = stateOf(job)
  const facts = (pods ?? []).map(factsOf).sort(inOrder)
  return {
    remoteId: remoteIdOf(id),
    remoteName: id.name,
    status: jobStates[rawState] ?? null,
    rawState,
    ...outcomeOf(job, rawState, facts),
    ...timesOf(job, rawState, facts),
    ...given({ correlationTag: tagIn(job) }),
    ...(facts.length > 1 ? { tasks: tasksOf(facts) } : {}),
    payload: () => boundedPayload(payloadOf(job, pods), literals),
    ...(pods === null ? { omits: ['pods'] } : {}),
  }
}

function payloadOf(job: JsonObject, pods: readonly JsonObject[] | null): Json {
  return { ...cleanObject(job), ...(pods === null ? {} : { pods: pods.map(shownOf) }) }
}

/** A pod without the template, which the Job shows. */
function shownOf(pod: JsonObject): Json {
  const { name = null, uid = null } = metadataOf(pod)
  return { name, uid, status: readObject(pod, 'status') }
}

function outcomeOf(job: JsonObject, state: JobState, pods: readonly PodFacts[]): Partial<Observation<'job'>> {
  const queue = readText(readObject(metadataOf(job), 'labels'), queueLabel)
  const podWithMessage = pods.find(({ message }) => message !== undefined)
  switch (state) {
    case 'Suspended':
      return queue === undefined ? { reason: 'suspended' } : { message: `Kueue: waiting in the queue ${queue}.` }
    case 'Complete':
      return { exitCode: 0 }
    case 'Failed': {
      const cause = firstFailed(pods)
      const condition = conditionOf(readObject(job, 'status'), 'Failed')
      const parts = [
        readText(condition, 'reason'),
        (cause ?? podWithMessage)?.message ?? readText(condition, 'message'),
      ]
      const message = `Kubernetes: ${parts.filter((each) => each !== undefined).join(': ')}`
      return { message, ...given({ reason: cause?.reason, exitCode: cause?.exitCode }) }
    }
    default:
      return podWithMessage === undefined || state === 'Canceled'
        ? {}
        : { message: `Kubernetes: ${podWithMessage.message}` }
  }
}

/** The pod that failed first: the failure of one ends the others, which then fail as well. */
function firstFailed(pods: readonly PodFacts[]): PodFacts | undefined {
  const endOf = ({ endedAt }: PodFacts) => endedAt?.getTime() ?? Number.MAX_SAFE_INTEGER
  const [first] = pods.filter(({ reason }) => reason !== undefined).sort((a, b) => endOf(a) - endOf(b))
  return first
}

/** The start of the first container; `startTime` of the Job is when its pods were created. */
function timesOf(job: JsonObject, state: JobState, pods: readonly PodFacts[]): { startedAt?: Date; endedAt?: Date } {
  const status = readObject(job, 'status')
  const [first] = pods.flatMap(({ startedAt }) => startedAt ?? []).sort((a, b) => a.getTime() - b.getTime())
  if (!isOver(state)) return given({ startedAt: first })
  const failedAt = readTime(conditionOf(status, 'Failed'), 'lastTransitionTime')
  const hasRun = state === 'Complete' || hasStarted(status)
  const startedAt = first ?? (hasRun ? readTime(status, 'startTime') : undefined)
  return ranBetween(startedAt, readTime(status, 'completionTime') ?? failedAt)
}

/** Pods of an imported Job may have no index, or repeat one. */
function tasksOf(pods: readonly PodFacts[]): readonly Task<'job'>[] {
  const hasIndexes = new Set(pods.map(({ index }) => index)).size === pods.length
  return pods.map((pod) => taskOf(pod, hasIndexes ? String(pod.index) : pod.name))
}

function taskOf({ name, phase, exitCode }: PodFacts, id: string): Task<'job'> {
  const statuses: { readonly [phase in string]?: Status<'job'> } = {
    Pending: 'pending',
    Running: 'running',
    Succeeded: 'succeeded',
    Failed: 'failed',
  }
  const status = Object.hasOwn(statuses, phase) ? (statuses[phase] ?? null) : null
  return { id, name, status, ...given({ exitCode }) }
}
