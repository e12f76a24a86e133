import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { isObject, readId, readText } from '../kit/fields.ts'
import { plainNumber } from '../kit/plain-id.ts'
import type { ProviderClock } from '../session.ts'
import type { ScnetClient } from './client.ts'
import { localTime } from './durations.ts'
import { isAboutObject, notShown } from './errors.ts'
import { namesOutput } from './job-logs.ts'
import { type ListPage, pageOf, pageSize, readPage, scanList } from './lists.ts'
import type { ScnetSettings } from './settings.ts'

/** A job's record and its origin: the history has only ended jobs, and lists return a part of the detail. */
export interface JobRecord {
  job: JsonObject
  isEnded: boolean
  isListed: boolean
}

/** The reads of the HPC service. */
export interface HpcReads {
  read(jobId: string, signal: AbortSignal): Promise<JobRecord | 'gone'>
  /** All live jobs, and all that ended since that time. */
  scan(since: Date, signal: AbortSignal): Promise<{ records: readonly JobRecord[]; isComplete: boolean }>
  page(cursor: string | null, signal: AbortSignal): Promise<{ records: readonly JobRecord[]; next: string | null }>
}

/** Tolerance for clock differences. */
const slackMs = 900_000
/** How far back paged reads of the history go; ended jobs stay in the live list for 5 minutes. */
const pagedHistoryMs = 3_600_000

const dayMs = 86_400_000

type Filter = Readonly<Record<string, string>>

export function makeHpcReads(client: ScnetClient, settings: ScnetSettings, clock: ProviderClock): HpcReads {
  const { get, live, history } = makeLists(client, settings, clock)

  async function one(path: string, signal: AbortSignal): Promise<JsonObject | null> {
    try {
      const job = await get(path, signal)
      return isObject(job) && hasState(job) ? job : null
    } catch (error) {
      if (isAboutObject(error)) return null
      throw error
    }
  }

  /** Searches a short window first: most jobs were live recently, and a short window is faster. */
  async function inHistory(jobId: string, signal: AbortSignal): Promise<JsonObject | 'gone' | 'unclear'> {
    const days = settings.historyDays > 1 ? [1, settings.historyDays] : [settings.historyDays]
    let past: JsonObject | 'gone' | 'unclear' = 'gone'
    for (const back of days) {
      past = await among(jobId, await history(back * dayMs, { jobId }, signal))
      if (typeof past !== 'string') return await completed(past, jobId, signal)
    }
    return past
  }

  /**
   * Completes a history record from its detail. Without `acctTime` the service searches its whole history, which
   * exceeds any timeout, so the detail is read only if the list contains it, and a failure is ignored.
   */
  async function completed(job: JsonObject, jobId: string, signal: AbortSignal): Promise<JsonObject> {
    const acctTime = readId(job, 'acctTime')
    if (acctTime === undefined || (hasState(job) && namesOutput(job))) return job
    const place = [await client.region.schedulerId(signal), jobId].map(encodeURIComponent).join('/')
    const detail = await one(`/openapi/v2/historyjobs/${place}?${new URLSearchParams({ acctTime })}`, signal).catch(
      () => null,
    )
    return { ...job, ...detail }
  }

  return {
    /** Reads the detail, then the live list, then the history: an ended job leaves the first two after 5 minutes. */
    async read(jobId, signal) {
      const query = new URLSearchParams({ strJobManagerID: await client.region.schedulerId(signal) })
      const detail = await one(`/openapi/v2/jobs/${plainNumber(jobId)}?${query}`, signal)
      if (detail !== null) return { job: { ...detail, jobId }, isEnded: false, isListed: false }
      const listed = await among(jobId, await live({ strJobId: jobId }, signal))
      if (typeof listed !== 'string') return { job: listed, isEnded: false, isListed: true }
      const past = settings.hasHistory ? await inHistory(jobId, signal) : 'gone'
      if (typeof past !== 'string') return { job: { ...past, jobId }, isEnded: true, isListed: true }
      if (listed === 'gone' && past === 'gone') return 'gone'
      throw notShown(jobId)
    },

    async scan(since, signal) {
      const current = await scanList(await live({}, signal))
      const backMs = clock.now().getTime() - since.getTime() + slackMs
      const past = settings.hasHistory ? await scanList(await history(backMs, {}, signal)) : nothing
      return {
        records: [...recordsOf(current.items, false), ...recordsOf(past.items, true)],
        isComplete: current.isComplete && past.isComplete,
      }
    },

    async page(cursor, signal) {
      const [, list = 'live', inner = ''] = /^(live|history)\/(.*)$/.exec(cursor ?? '') ?? []
      const isPast = list === 'history'
      const scan = isPast ? await history(pagedHistoryMs, {}, signal) : await live({}, signal)
      const { items, next } = await readPage(scan, inner === '' ? null : inner)
      const after = isPast || !settings.hasHistory ? null : 'history/'
      return { records: recordsOf(items, isPast), next: next === null ? after : `${list}/${next}` }
    },
  }
}

function hasState(job: JsonObject): boolean {
  return (readText(job, 'jobStatus') ?? readText(job, 'jobState')) !== undefined
}

const nothing: { items: readonly Json[]; isComplete: boolean } = { items: [], isComplete: true }

function makeLists(client: ScnetClient, settings: ScnetSettings, clock: ProviderClock) {
  const get = (path: string, signal: AbortSignal) => client.call('hpc', { method: 'GET', path }, signal)
  const timeIn = (ms: number) => localTime(new Date(clock.now().getTime() + ms), settings.timeOffset)

  function listAt(path: string, filter: Filter, signal: AbortSignal) {
    const read = async (start: number): Promise<ListPage> => {
      const query = new URLSearchParams({ ...filter, start: String(start), limit: String(pageSize) })
      return pageOf(await get(`${path}?${query}`, signal))
    }
    return { read, idOf }
  }

  return {
    get,

    /** Source: jobmanager/query-job */
    async live(filter: Filter, signal: AbortSignal) {
      const strClusterIDList = await client.region.schedulerId(signal)
      return listAt('/openapi/v2/jobs', { strClusterIDList, ...filter }, signal)
    },

    /** Filters by end time, which the documents recommend over submit time. */
    async history(backMs: number, filter: Filter, signal: AbortSignal) {
      const strClusterNameList = await client.region.schedulerId(signal)
      const window = { startTime: timeIn(-backMs), endTime: timeIn(slackMs) }
      const rest = { timeType: 'CUSTOM', isQueryByQueueTime: 'false' }
      return listAt('/openapi/v2/historyjobs', { strClusterNameList, ...window, ...rest, ...filter }, signal)
    },
  }
}

/** Searches a complete list for an object that a single read does not show. */
async function among(jobId: string, list: Parameters<typeof scanList>[0]): Promise<JsonObject | 'gone' | 'unclear'> {
  const { items, isComplete } = await scanList(list)
  const job = items.filter(isObject).find((each) => idOf(each) === jobId)
  return job ?? (isComplete ? 'gone' : 'unclear')
}

export function idOf(job: Json): string | undefined {
  return readId(job, 'jobId')
}

function recordsOf(items: readonly Json[], isEnded: boolean): JobRecord[] {
  return items.filter(isObject).map((job) => ({ job, isEnded, isListed: true }))
}
