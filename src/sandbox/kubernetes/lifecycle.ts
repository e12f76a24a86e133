import { isRecord } from '../fields.ts'
import { sleepMsOf } from '../sleep.ts'
import { divert, type Moment, momentAt, plan, type Timeline } from '../timeline.ts'
import { cluster, type Fields, type KubernetesSettings } from './wire.ts'

/** The end of a job: the reason of its condition, the reason of its pod, and the exit code. */
export const outcomeOf = (reason: string, pod: string, exitCode: number | '') => `${reason} ${pod} ${exitCode}`

/** A deadline of the Job, after which its pods are deleted. */
const pastDeadline = outcomeOf('DeadlineExceeded', '-', '')

export const endedStates: ReadonlySet<string> = new Set(['Complete', 'Failed'])
/** An object that was deleted while its pods ended: it no longer exists. */
export const removed = 'removed'

/** The lifecycle of a Job whose pods may start. */
export function jobLife(pod: Fields, startAt: number, settings: KubernetesSettings): Timeline {
  const pending = { state: 'Pending', forMs: Math.max(settings.pendingMs, 1) }
  const obstacle = obstacleTo(pod)
  if (obstacle !== null) return [{ at: startAt, state: 'Pending', outcome: obstacle }]
  const script = programOf(pod)
  const limitMs = Number(pod.activeDeadlineSeconds ?? Number.POSITIVE_INFINITY) * 1000
  const requestedMs = sleepMsOf(script) ?? settings.runningMs
  const running = { state: 'Running', forMs: Math.max(Math.min(requestedMs, limitMs), 1) }
  const end = requestedMs > limitMs ? failed('DeadlineExceeded', 137) : endOf(script)
  return plan(startAt, [pending, running, { ...end, state: 'Terminating', forMs: settings.terminatingMs }], end)
}

/** A suspended Job: until Kueue admits it, or permanently. */
export function suspendedLife(
  pod: Fields,
  { now, isQueued }: { now: number; isQueued: boolean },
  settings: KubernetesSettings,
): Timeline {
  const suspended = { at: now, state: 'Suspended' }
  if (!isQueued) return [suspended]
  return [suspended, ...jobLife(pod, now + Math.max(settings.queueMs, 1), settings)]
}

/** The lifecycle after a deadline of the Job was set. The deadline does not apply while the Job is suspended. */
export function withDeadline(
  timeline: Timeline,
  now: number,
  deadline: { at: number; terminatingMs: number },
): Timeline {
  const { state } = momentAt(timeline, now)
  if (endedStates.has(state) || state === 'Suspended') return timeline
  const at = Math.max(now, deadline.at)
  const end: Moment = { at: at + deadline.terminatingMs, state: 'Failed', outcome: pastDeadline }
  const target: Moment = { at, state: 'Terminating', outcome: pastDeadline }
  const before = timeline.filter((moment) => moment.at <= at)
  const last = before.at(-1)
  if (last === undefined || endedStates.has(last.state)) return timeline
  const [first = last, ...rest] = before
  return deadline.terminatingMs <= 0 ? [first, ...rest, end] : [first, ...rest, target, end]
}

/** The lifecycle of a StatefulSet of one pod. */
export function setLife(pod: Fields, now: number, { pendingMs }: KubernetesSettings): Timeline {
  const obstacle = obstacleTo(pod)
  if (obstacle !== null) return [{ at: now, state: 'Pending', outcome: obstacle }]
  return plan(now, [{ state: 'Pending', forMs: Math.max(pendingMs, 1) }], { state: 'Running' })
}

/** The lifecycle after a change of `replicas`. */
export function scaled(
  timeline: Timeline,
  { replicas, pod, now }: { replicas: number; pod: Fields; now: number },
  settings: KubernetesSettings,
): Timeline {
  const { state } = momentAt(timeline, now)
  const isUp = state === 'Pending' || state === 'Running'
  if (replicas > 0 === isUp || state === 'Deleting') return timeline
  const [next, ...later] = replicas > 0 ? setLife(pod, now, settings) : halting(now, settings, 'Stopped')
  return divert(timeline, now, next, ...later)
}

function halting(now: number, { terminatingMs }: KubernetesSettings, end: string): Timeline {
  return plan(now, [{ state: 'Stopping', forMs: terminatingMs }], { state: end })
}

/** The lifecycle after a delete in the foreground, which waits for the pods. */
export function deleting(timeline: Timeline, now: number, { terminatingMs }: KubernetesSettings): Timeline {
  const [next, ...later] = plan(now, [{ state: 'Deleting', forMs: terminatingMs }], { state: removed })
  return momentAt(timeline, now).state === 'Deleting' ? timeline : divert(timeline, now, next, ...later)
}

const failed = (pod: string, exitCode: number) => ({
  state: 'Failed',
  outcome: outcomeOf('BackoffLimitExceeded', pod, exitCode),
})

function endOf(script: string): Omit<Moment, 'at'> {
  if (/\ballocate-too-much\b/.test(script)) return failed('OOMKilled', 137)
  const exitCode = Number(/\bexit\s+(\d+)\b/.exec(script)?.[1] ?? 0) & 0xff
  return exitCode === 0 ? { state: 'Complete', outcome: outcomeOf('-', 'Completed', 0) } : failed('Error', exitCode)
}

/** The command after the expansion of `$(…)` and `$$`. */
export function programOf(pod: Fields): string {
  const { command = [], args = [] } = firstContainer(pod)
  return [command, args].flat().map(String).join(' ').replaceAll('$$', '$')
}

export function podSpecIn(spec: Fields): Fields {
  const { template } = spec
  return isRecord(template) && isRecord(template.spec) ? template.spec : {}
}

export function firstContainer(pod: Fields): Fields {
  const [container] = Array.isArray(pod.containers) ? pod.containers : []
  return isRecord(container) ? container : {}
}

/** The reason why a pod never starts; null if it starts. */
function obstacleTo(pod: Fields): string | null {
  const { image, resources } = firstContainer(pod)
  if (String(image).includes('missing')) return 'ErrImagePull'
  const limits = isRecord(resources) && isRecord(resources.limits) ? resources.limits : {}
  const claims = (Array.isArray(pod.volumes) ? pod.volumes : []).flatMap((volume) =>
    isRecord(volume) && isRecord(volume.persistentVolumeClaim) ? [String(volume.persistentVolumeClaim.claimName)] : [],
  )
  const hasClaims = claims.every((name) => cluster.claims.some((each) => each === name))
  const gpus = Math.max(...cluster.nodes.map((node) => node.gpus))
  const isPossible = Number(limits.cpu ?? 0) <= 8 && Number(limits['nvidia.com/gpu'] ?? 0) <= gpus
  return hasClaims && isPossible ? null : 'Unschedulable'
}
