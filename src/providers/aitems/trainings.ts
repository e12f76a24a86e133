import type { Json } from '../../vocabulary/json.ts'
import type { Driver } from '../driver.ts'
import type { Intent } from '../intent.ts'
import { readId, readText } from '../kit/fields.ts'
import type { Found, Observation } from '../observation.ts'
import type { AitemsClient } from './client.ts'
import { readService } from './services.ts'
import { findTraining, type TrainScan } from './train-search.ts'
import { jobOf } from './train-state.ts'
import {
  groupsOf,
  isTrain,
  type JobRef,
  jobRefOf,
  keyOf,
  keyOfRef,
  readJobRef,
  readTrain,
  remoteIdOf,
  scanTrains,
  type TrainIndex,
  tagOfTrain,
  trainOf,
  trainsByKey,
} from './trains.ts'

export interface Trainings {
  /** A service and all its trains, or `'gone'` if the service does not exist. */
  scan(serviceId: string, signal: AbortSignal): Promise<TrainScan | 'gone'>
  find(intent: Intent<'job'>, signal: AbortSignal): Promise<Found<'job'>>
  get: Driver<'job'>['get']
  list: Driver<'job'>['list']
}

type ReadOptions = Parameters<typeof jobOf>[1]

/** Services per page of `list`; each takes two calls. */
const servicesPerPage = 8

/** Reads jobs. A job is one train per requested type. */
export function makeTrainings(client: AitemsClient, options: ReadOptions): Trainings {
  /** Reads the state first: trains that are read after an idle service show their final status. */
  async function scan(serviceId: string, signal: AbortSignal): Promise<TrainScan | 'gone'> {
    const service = await readService(client, serviceId, signal)
    if (service === 'gone') return service
    const trains = await scanTrains(client, serviceId, signal)
    return trains === 'gone' ? trains : { service, trains: trains.items, isComplete: trains.isComplete }
  }

  return {
    scan,

    async find(intent, signal) {
      const serviceId = intent.environmentRemoteId
      const seen = serviceId === null ? 'gone' : await scan(serviceId, signal)
      if (serviceId === null || seen === 'gone') return { inconclusive: 'its service no longer exists' }
      return findTraining(intent, seen, (refs) =>
        jobOf({ ...seen, remoteId: remoteIdOf({ serviceId, trains: refs }), refs }, options),
      )
    },

    async get(remoteId, signal) {
      const { serviceId, trains: refs } = jobRefOf(remoteId)
      const service = await readService(client, serviceId, signal)
      if (service === 'gone') return service
      const read = refs.map(({ type, version }) =>
        version === null ? null : readTrain(client, { serviceId, type, version }, signal),
      )
      const trains = await Promise.all(read)
      if (trains.every((train) => train === null)) return 'gone'
      if (hasAllVersions(refs)) return jobOf({ remoteId, refs, trains, service }, options)
      const all = await scanTrains(client, serviceId, signal)
      const shown = all === 'gone' ? trains : [...trains, ...all.items]
      return jobOf({ remoteId, refs: completed(refs, shown), trains: shown, service }, options)
    },

    /** Trains are listed per service, so the services of the watched jobs are scanned. */
    async list({ cursor, watched }, signal) {
      const jobs = watched.flatMap((remoteId) => {
        const ref = readJobRef(remoteId)
        return ref === null ? [] : [{ remoteId, ...ref }]
      })
      const serviceIds = [...new Set(jobs.map(({ serviceId }) => serviceId))].sort()
      const rest = serviceIds.filter((serviceId) => cursor === null || serviceId > cursor)
      const page = rest.slice(0, servicesPerPage)
      const scans = page.map(async (serviceId) => {
        const seen = await scan(serviceId, signal)
        const here = jobs.filter((job) => job.serviceId === serviceId)
        if (seen === 'gone') return []
        const byKey = trainsByKey(seen.trains)
        const known = jobsAmong(here, seen, byKey)
        return [...known, ...otherJobs(serviceId, known, seen)].map(observe(seen, byKey))
      })
      const seen = await Promise.all(scans)
      return { seen: seen.flat(), next: rest.length > page.length ? (page.at(-1) ?? null) : null }
    },
  }

  function observe({ service }: TrainScan, byKey: TrainIndex) {
    return ({ remoteId, refs }: SeenJob): Observation<'job'> => {
      const trains = refs.flatMap((ref) => trainOf(byKey, ref) ?? [])
      return jobOf({ remoteId, refs, trains, service }, options)
    }
  }
}

interface SeenJob {
  remoteId: string
  refs: JobRef['trains']
}

type WatchedJob = JobRef & { remoteId: string }

/** The watched jobs of which the scan shows at least one train. */
function jobsAmong(watched: readonly WatchedJob[], { trains }: TrainScan, byKey: TrainIndex): SeenJob[] {
  return watched
    .map((job) => ({ remoteId: job.remoteId, refs: completed(job.trains, trains) }))
    .filter(({ refs }) => refs.some((ref) => trainOf(byKey, ref) !== undefined))
}

/** Other jobs with a correlation tag. Trainings that were not started by Switchyard are omitted. */
function otherJobs(serviceId: string, known: readonly SeenJob[], scan: TrainScan): SeenJob[] {
  const knownKeys = new Set(known.flatMap(({ refs }) => refs.map(keyOfRef)))
  const others = scan.trains.filter((train) => !knownKeys.has(keyOf(train)))
  const groups = [...Map.groupBy(others, tagOfTrain)].flatMap(([correlationTag, trains]) =>
    typeof correlationTag === 'string' ? groupsOf(trains) : [],
  )
  return groups.map((group) => {
    const refs = group.map((train) => ({
      type: readText(train, 'type') ?? '',
      version: readId(train, 'version') ?? null,
    }))
    return { remoteId: remoteIdOf({ serviceId, trains: refs }), refs }
  })
}

/** Fills in the versions of types that appeared after the job was found, by the tag of its other trains. */
function completed(refs: JobRef['trains'], trains: readonly Json[]): JobRef['trains'] {
  if (hasAllVersions(refs)) return refs
  const ours = trains.find((train) => refs.some((ref) => isTrain(train, ref)))
  const correlationTag = ours === undefined ? undefined : tagOfTrain(ours)
  if (typeof correlationTag !== 'string') return refs
  return refs.map(({ type, version }) => {
    const late = trains.find((train) => readText(train, 'type') === type && tagOfTrain(train) === correlationTag)
    return { type, version: version ?? readId(late, 'version') ?? null }
  })
}

function hasAllVersions(refs: JobRef['trains']): boolean {
  return refs.every(({ version }) => version !== null)
}
