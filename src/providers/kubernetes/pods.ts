import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { isObject, readList, readNumber, readObject, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { readTime } from '../kit/times.ts'
import type { KubeClient } from './client.ts'
import { listIn, metadataOf, pods } from './objects.ts'
import { containerName } from './pod-template.ts'

/** https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container */
const defaultContainerAnnotation = 'kubectl.kubernetes.io/default-container'

/** Values per selector, pods per page and pages per read. Beyond these limits an observation lacks details. */
const valuesPerQuery = 50
const podsPerPage = 500
const maxPages = 4

/** Pods of one read. */
export interface ReadPods {
  items: readonly JsonObject[]
  /** Whether all pods were read. */
  isComplete: boolean
}

/** The pods with one of these values of a label. */
export async function readPods(
  client: KubeClient,
  { label, values }: { label: string; values: readonly string[] },
  signal: AbortSignal,
): Promise<ReadPods> {
  const items: JsonObject[] = []
  let isComplete = true
  for (let from = 0; from < values.length; from += valuesPerQuery) {
    const labelSelector = `${label} in (${values.slice(from, from + valuesPerQuery).join(',')})`
    let next: string | null = null
    for (let page = 0; page < maxPages && (page === 0 || next !== null); page++) {
      const query = { labelSelector, limit: String(podsPerPage), ...given({ continue: next ?? undefined }) }
      const list = listIn(await client.call({ method: 'GET', path: client.path(pods), query }, { signal }))
      items.push(...list.items)
      next = list.next
    }
    isComplete &&= next === null
  }
  return { items, isComplete }
}

/** Facts about a pod and its container. */
export interface PodFacts {
  name: string
  createdAt: string
  /** Position among the pods of an indexed Job. */
  index: number
  phase: string
  startedAt?: Date
  endedAt?: Date
  exitCode?: number
  reason?: Reason
  message?: string
}

/** By index, then by age: later pods of an imported Job replace failed ones. */
export function inOrder(a: PodFacts, b: PodFacts): number {
  return a.index - b.index || a.createdAt.localeCompare(b.createdAt) || a.name.localeCompare(b.name)
}

export function factsOf(pod: JsonObject): PodFacts {
  const metadata = metadataOf(pod)
  const status = readObject(pod, 'status')
  const container = containerIn(status, mainContainerOf(pod))
  const state = readObject(container, 'state')
  const { terminated = null } = state
  const ended = isObject(terminated) ? terminated : readObject(readObject(container, 'lastState'), 'terminated')
  const isOver = isObject(terminated)
  const exitCode = readNumber(ended, 'exitCode')
  return {
    name: readText(metadata, 'name') ?? '',
    createdAt: readText(metadata, 'creationTimestamp') ?? '',
    index: readNumber(readObject(metadata, 'annotations'), 'batch.kubernetes.io/job-completion-index') ?? 0,
    phase: readText(status, 'phase') ?? '',
    ...given({
      startedAt: readTime(isOver ? terminated : readObject(state, 'running'), 'startedAt'),
      endedAt: isOver ? readTime(terminated, 'finishedAt') : undefined,
      exitCode,
      reason: reasonOf(status, ended, exitCode),
      message: messageOf(status, state, ended),
    }),
  }
}

/** The container of a program: of an imported Job the one that `kubectl logs` shows, its default or first one. */
export function mainContainerOf(pod: JsonObject): string {
  const names = readList(readObject(pod, 'spec'), 'containers').flatMap((each) => readText(each, 'name') ?? [])
  const annotated = readText(readObject(metadataOf(pod), 'annotations'), defaultContainerAnnotation) ?? ''
  return [containerName, annotated].find((name) => names.includes(name)) ?? names[0] ?? containerName
}

function containerIn(status: JsonObject, name: string): Json {
  const all = readList(status, 'containerStatuses')
  return all.find((each) => readText(each, 'name') === name) ?? all[0] ?? null
}

/** `reason` of a condition `DisruptionTarget`: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/ */
const disruptions: Readonly<Record<string, Reason>> = {
  PreemptionByScheduler: 'preempted',
  EvictionByEvictionAPI: 'preempted',
  DeletionByTaintManager: 'node_failure',
  DeletionByPodGC: 'node_failure',
  TerminationByKubelet: 'node_failure',
}

/** `reason` of the status of a failed pod, as the kubelet and the control plane set it. */
const podReasons: Readonly<Record<string, Reason>> = {
  DeadlineExceeded: 'time_limit',
  Evicted: 'node_failure',
  NodeLost: 'node_failure',
  NodeShutdown: 'node_failure',
  Terminated: 'node_failure',
  UnexpectedAdmissionError: 'launch_failed',
}

/** `reason` of a terminated container. */
const containerReasons: Readonly<Record<string, Reason>> = {
  OOMKilled: 'out_of_memory',
  StartError: 'launch_failed',
  ContainerCannotRun: 'launch_failed',
}

function reasonOf(status: JsonObject, ended: JsonObject, exitCode: number | undefined): Reason | undefined {
  const disruption = readText(conditionOf(status, 'DisruptionTarget'), 'reason') ?? ''
  const known =
    own(podReasons, readText(status, 'reason')) ??
    own(disruptions, disruption) ??
    own(containerReasons, readText(ended, 'reason'))
  return known ?? (exitCode === undefined || exitCode === 0 ? undefined : 'nonzero_exit')
}

function own(table: Readonly<Record<string, Reason>>, key = ''): Reason | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined
}

/** Why a pod waits or failed: `ErrImagePull: …`, `Unschedulable: …`, `OOMKilled`. */
function messageOf(status: JsonObject, state: JsonObject, ended: JsonObject): string | undefined {
  const scheduling = conditionOf(status, 'PodScheduled')
  const sources: readonly Json[] = [
    ...(readText(scheduling, 'status') === 'False' ? [scheduling] : []),
    ...(readText(status, 'reason') === undefined ? [] : [status]),
    readObject(state, 'waiting'),
    ended,
  ]
  const source = sources.find((each) => {
    const reason = readText(each, 'reason')
    return reason !== undefined && !ordinary.has(reason)
  })
  if (source === undefined) return undefined
  return [readText(source, 'reason'), readText(source, 'message')].filter((part) => part !== undefined).join(': ')
}

const ordinary: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing', 'Completed', 'Error'])

/** The condition of a type if it is set; an empty object otherwise. */
export function conditionOf(status: JsonObject, type: string): JsonObject {
  return (
    readList(status, 'conditions')
      .filter(isObject)
      .find((each) => readText(each, 'type') === type) ?? {}
  )
}
