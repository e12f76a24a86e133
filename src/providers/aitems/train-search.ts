import type { Json } from '../../vocabulary/json.ts'
import type { Intent } from '../intent.ts'
import { tagDescription } from '../kit/correlation-tags.ts'
import { readId, readList, readText } from '../kit/fields.ts'
import type { Found, Observation } from '../observation.ts'
import { typesOf } from './mapping.ts'
import { activityOf } from './services.ts'
import { groupsOf, keyOf, type TrainRef, tagOfTrain } from './trains.ts'

/** A service and its trains, which are read after the state of the service. */
export interface TrainScan {
  service: Json
  trains: readonly Json[]
  isComplete: boolean
}

/** The snapshot that `prepare` takes: the trains that existed before the create. */
export function snapshotOf({ service, trains, isComplete }: TrainScan, types: readonly string[]): Json {
  return {
    serviceType: readText(service, 'type') ?? null,
    trains: trains.filter((train) => types.includes(readText(train, 'type') ?? '')).map(keyOf),
    isComplete,
  }
}

/**
 * The trains that an attempt may have created: those with its correlation tag or, if AiTEMS shows no descriptions,
 * those that did not exist before. Absent only if there are none and the service is idle.
 */
export function findTraining(
  intent: Intent<'job'>,
  scan: TrainScan,
  observe: (refs: readonly TrainRef[]) => Observation<'job'>,
): Found<'job'> {
  const tagged = scan.trains.filter((train) => tagOfTrain(train) === intent.correlationTag)
  const trains = tagged.length > 0 ? tagged : newTrains(intent, scan)
  if (trains === null) return { inconclusive: 'earlier trainings are unknown, and no train shows a correlation tag' }
  const isIdle = activityOf(scan.service) === 'idle'
  if (trains.length > 0) {
    const groups = groupsOf(trains).map((group) => refsOf(group, typesOf(intent.spec)))
    // A type that is still missing can be found later only by the tag of the other trains.
    const hasAllTypes =
      tagged.length > 0 || isIdle || groups.every((refs) => refs.every(({ version }) => version !== null))
    return hasAllTypes
      ? { found: groups.map(observe), isComplete: isIdle && scan.isComplete }
      : { inconclusive: 'not every type shows a new train yet' }
  }
  if (!isIdle) return { inconclusive: `the service is \`${readText(scan.service, 'status')}\` and shows no new train` }
  return scan.isComplete ? { absent: true } : { inconclusive: 'the list of trains exceeds the page limit' }
}

/** Null if it cannot be determined. */
function newTrains({ spec, correlationTag, before }: Intent<'job'>, { trains }: TrainScan): readonly Json[] | null {
  const ofTypes = trains.filter((train) => typesOf(spec).includes(readText(train, 'type') ?? ''))
  // If tags are shown, a train without this tag belongs to another attempt.
  if (ofTypes.length === 0 || trains.some((train) => typeof tagOfTrain(train) === 'string')) return []
  const sent = tagDescription(spec.description, correlationTag)
  const isCandidate = (train: Json) => sent.startsWith(readText(train, 'description') ?? '')
  const candidates = ofTypes.filter(isCandidate)
  if (candidates.length === 0) return []
  const isBeforeKnown = (before as { isComplete?: unknown } | null)?.isComplete === true
  if (!isBeforeKnown) return null
  const known = new Set(readList(before, 'trains'))
  return candidates.filter((train) => !known.has(keyOf(train)))
}

function refsOf(trains: readonly Json[], types: readonly string[]): readonly TrainRef[] {
  return types.map((type) => {
    const train = trains.find((each) => readText(each, 'type') === type)
    return { type, version: readId(train, 'version') ?? null }
  })
}
