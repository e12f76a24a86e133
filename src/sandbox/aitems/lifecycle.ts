import { divert, enteredAt, momentAt, plan, type Timeline } from '../timeline.ts'
import { type AitemsSettings, type DatasetData, type Term, type TrainType, termHours } from './wire.ts'

const learningStates: ReadonlySet<string> = new Set(['requestLearning', 'learning', 'scheduledLearning'])
const deletionStates: ReadonlySet<string> = new Set(['deleting', 'deleted'])

/** The documented state of a service or dataset, or the status of a train. */
export function stateOf({ timeline }: { timeline: Timeline }, now: number): string {
  return momentAt(timeline, now).state
}

/** Whether a service is training, or a training was requested. */
export function isLearning(service: { timeline: Timeline }, now: number): boolean {
  return learningStates.has(stateOf(service, now))
}

/** Whether a service's datasets cannot change: while it trains or has a scheduled training. */
export function holdsDatasets(service: { timeline: Timeline }, now: number): boolean {
  return isLearning(service, now) || stateOf(service, now) === 'scheduled'
}

/** Whether an object is being or was deleted. */
export function isDeleting(object: { timeline: Timeline }, now: number): boolean {
  return deletionStates.has(stateOf(object, now))
}

/**
 * The lifecycle of a dataset's file. A file other than csv or csv.gz, which the guide requires, ends as
 * `upload_failed`.
 */
export function lifeOfDataset({ key }: DatasetData['osInfo'], startAt: number, settings: AitemsSettings): Timeline {
  const steps = [
    { state: 'waiting', forMs: settings.waitingMs },
    { state: 'processing', forMs: settings.processingMs },
  ]
  return plan(startAt, steps, { state: /\.csv(\.gz)?$/i.test(key) ? 'enable' : 'upload_failed' })
}

/** When a dataset is or will be trainable; `null` if never. */
export function enabledAt({ timeline }: { timeline: Timeline }): number | null {
  const end = timeline.at(-1) ?? timeline[0]
  return end.state === 'enable' ? end.at : null
}

/** The lifecycle of a service after datasets were bound: not ready before `readyAt`. */
export function boundService(timeline: Timeline, now: number, readyAt: number, state: string): Timeline {
  return divert(timeline, now, ...plan(now, [{ state: 'datasetRequired', forMs: readyAt - now }], { state }))
}

/** The outcome of a training, as set by its description. */
export interface Training {
  readonly learningMs: number
  fails(type: TrainType): boolean
}

/**
 * `exit <non-zero>` in the description fails every type, `fail <type>` fails that type, and `sleep <seconds>` sets the
 * duration.
 */
export function trainingOf(description: string, settings: Pick<AitemsSettings, 'learningMs'>): Training {
  const seconds = /\bsleep\s+(\d+(?:\.\d+)?)\b/.exec(description)?.[1]
  const failsAtAll = /\bexit\s+0*[1-9]\d*\b/.test(description)
  const failing = new Set([...description.matchAll(/\bfail\s+(\w+)/g)].map(([, type]) => type))
  return {
    learningMs: Math.max(seconds === undefined ? settings.learningMs : Number(seconds) * 1000, 1),
    fails: (type) => failsAtAll || failing.has(type),
  }
}

/**
 * The lifecycle of a batch service after a training request; whatever the result, the service becomes learnable again.
 */
export function trainedService(
  timeline: Timeline,
  now: number,
  requestLearningMs: number,
  training: Training,
): Timeline {
  return divert(timeline, now, ...plan(now, stepsOf(requestLearningMs, training), { state: 'learnable' }))
}

/** The lifecycle of one train. The statuses before its end are those of the service: a train's are not documented. */
export function lifeOfTrain(startAt: number, requestLearningMs: number, training: Training, end: string): Timeline {
  return plan(startAt, stepsOf(requestLearningMs, training), { state: end })
}

function stepsOf(requestLearningMs: number, { learningMs }: Training) {
  return [
    { state: 'requestLearning', forMs: requestLearningMs },
    { state: 'learning', forMs: learningMs },
  ]
}

/** When the scheduled training of an interval service begins; `null` if none is scheduled. */
export function scheduledAt(timeline: Timeline, term: Term | null, settings: AitemsSettings): number | null {
  const last = timeline.at(-1) ?? timeline[0]
  return term === null || last.state !== 'scheduled' ? null : last.at + termHours[term] * settings.hourMs
}

/** The lifecycle of a deleted object. */
export function deleted(timeline: Timeline, now: number, deletingMs: number): Timeline {
  return divert(timeline, now, ...plan(now, [{ state: 'deleting', forMs: deletingMs }], { state: 'deleted' }))
}

/** When a train ended; `null` if it has not. */
export function completedAt({ timeline }: { timeline: Timeline }, now: number): number | null {
  return stateOf({ timeline }, now) === 'completed' ? enteredAt(timeline, 'completed', now) : null
}
