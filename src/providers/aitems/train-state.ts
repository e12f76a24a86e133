import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Status } from '../../vocabulary/kinds.ts'
import type { Reason } from '../../vocabulary/reasons.ts'
import { readFlag, readId, readList, readNumber, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import type { Observation, Task } from '../observation.ts'
import { activityOf } from './services.ts'
import { isTrain, type TrainRef, tagOfTrain } from './trains.ts'

/**
 * The documented values of a train's `status`. Only `completed` has been observed.
 * Source: https://api.ncloud-docs.com/docs/ai-application-service-aitems-service-trainread
 */
export const trainStates: Readonly<Record<string, Status<'job'>>> = {
  ready: 'pending',
  requesting: 'pending',
  waiting: 'pending',
  learning: 'running',
  stopping: 'running',
  completed: 'succeeded',
  requestFailed: 'failed',
  refinedFailed: 'failed',
  learningFailed: 'failed',
}

const failures: ReadonlyMap<string, string> = new Map([
  ['requestFailed', 'the request for training failed'],
  ['refinedFailed', 'the data could not be refined'],
  ['learningFailed', 'the training failed'],
])

/** The observed state of a job: its trains and its service at the same moment. */
export interface TrainingView {
  remoteId: string
  refs: readonly TrainRef[]
  /** Trains as AiTEMS returns them; those not in `refs` are ignored. */
  trains: readonly Json[]
  service: Json
}

/** A job has succeeded only if every train is completed. */
export function jobOf(
  { remoteId, refs, trains, service }: TrainingView,
  { literals, timezoneOffset }: { literals: readonly string[]; timezoneOffset: string },
): Observation<'job'> {
  const parts = refs.map((ref) => ({ ref, train: trains.find((train) => isTrain(train, ref)) ?? null }))
  const shown = parts.flatMap(({ train }) => train ?? [])
  const tasks = parts.map(({ ref, train }) => taskOf(ref, train, service))
  const status = overallStatus(tasks.map((task) => task.status))
  const startedAt = status === null || status === 'pending' ? undefined : firstCreation(shown, timezoneOffset)
  const correlationTags = shown.map(tagOfTrain).filter((correlationTag) => correlationTag !== undefined)
  const correlationTag = correlationTags.find((each) => each !== null) ?? correlationTags[0]
  const failed = parts.flatMap(({ ref, train }) => failureOf(ref, train))
  return {
    remoteId,
    status,
    rawState: [...new Set(parts.map(({ train }) => rawStateOf(train, service)))].join(', '),
    ...reasonOf(status, tasks),
    ...(status === 'failed' && failed.length > 0 ? { message: failed.join('; ') } : {}),
    ...given({ startedAt, correlationTag }),
    tasks,
    result: { trainings: parts.map(({ ref, train }) => resultOf(ref, train, service)) },
    payload: () => boundedPayload({ service, trains: shown }, literals),
  }
}

function taskOf({ type, version }: TrainRef, train: Json, service: Json): Task<'job'> {
  const status = train === null ? statusOfMissing(version, service) : statusOf(train, service)
  return { id: type, name: type, ...(version === null ? {} : { remoteId: version }), status }
}

/** A missing train may still appear while its service trains; one that was deleted has no outcome. */
function statusOfMissing(version: string | null, service: Json): Status<'job'> {
  return version === null && activityOf(service) === 'learning' ? 'pending' : 'unknown'
}

/**
 * An undocumented status that names a failure counts as one. While the service trains, any other stays open; once it is
 * idle, the train has ended with an unreported outcome.
 */
function statusOf(train: Json, service: Json): Status<'job'> | null {
  const word = readText(train, 'status') ?? ''
  const activity = activityOf(service)
  if (isStranded(word, activity)) return 'unknown'
  const known = Object.hasOwn(trainStates, word) ? trainStates[word] : undefined
  if (known !== undefined) return known
  if (/fail|error/i.test(word)) return 'failed'
  if (/learning|training|processing/i.test(word)) return 'running'
  return activity === 'idle' ? 'unknown' : null
}

/** `ready` means that a train can be trained. If the service is idle, the train was stopped or never began. */
function isStranded(word: string, activity: ReturnType<typeof activityOf>): boolean {
  return word === 'ready' && activity === 'idle'
}

function rawStateOf(train: Json, service: Json): string {
  const word = readText(train, 'status') ?? '(none)'
  return isStranded(word, activityOf(service)) ? `${word} (service ${readText(service, 'status')})` : word
}

function overallStatus(all: readonly (Status<'job'> | null)[]): Status<'job'> | null {
  if (all.includes('running')) return 'running'
  if (all.includes(null)) return null
  if (all.includes('pending')) return all.every((each) => each === 'pending') ? 'pending' : 'running'
  if (all.includes('failed')) return 'failed'
  return all.every((each) => each === 'succeeded') ? 'succeeded' : 'unknown'
}

function reasonOf(status: Status<'job'> | null, tasks: readonly Task<'job'>[]): { reason?: Reason } {
  if (status === 'unknown') return { reason: 'outcome_not_reported' }
  const isPartial = status === 'failed' && tasks.some((task) => task.status === 'succeeded')
  return isPartial ? { reason: 'partially_succeeded' } : {}
}

function failureOf({ type }: TrainRef, train: Json): string[] {
  const word = readText(train, 'status') ?? ''
  if (!/fail|error/i.test(word)) return []
  const meaning = failures.get(word)
  return [`${type}: ${word}${meaning === undefined ? '' : ` (${meaning})`}`]
}

function firstCreation(trains: readonly Json[], offset: string): Date | undefined {
  const times = trains.flatMap((train) => readTime(train, 'createdDate', { offset }) ?? [])
  return times.sort((a, b) => a.getTime() - b.getTime())[0]
}

/** `inference` means that results are available. Row counts are in the service and may be strings. */
function resultOf({ type, version }: TrainRef, train: Json, service: Json): JsonObject {
  const infer = readList(service, 'infers').find((each) => version !== null && isInferOf(each, { type, version }))
  return {
    type,
    version,
    status: readText(train, 'status') ?? null,
    ...given({ inference: readFlag(train, 'inference'), rowCount: readNumber(infer, 'rowCount') }),
  }
}

/** `dataType` is documented as the type of a result. A row with another type of training belongs to another train. */
function isInferOf(infer: Json, { type, version }: { type: string; version: string }): boolean {
  if (readId(infer, 'trainVersion') !== version) return false
  const dataType = readText(infer, 'dataType')
  return dataType === undefined || dataType === type || !/^(personalRecommend|relatedItem|pop)$/.test(dataType)
}
