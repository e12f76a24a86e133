import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { PlannedRequest } from '../intent.ts'
import { tagOfDescription, tagOfName } from '../kit/correlation-tags.ts'
import { isObject, readId, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { plainId } from '../kit/plain-id.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import type { Found } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { SendBy } from '../session.ts'
import { contentType, type ScnetCall, type ScnetClient } from './client.ts'
import { secondsOf } from './durations.ts'
import { isAboutObject } from './errors.ts'
import { pageOf, pageSize, readPage, scanList } from './lists.ts'
import { containerTagLength } from './mapping.ts'
import type { ScnetSettings } from './settings.ts'
import { targetAt } from './urls.ts'
import type { CreateContainer } from './wire.ts'

const base = '/openapi/v2/instance-service'

/** Fields of the container detail. Which of them the list returns is not documented. Source: container/detail */
export const detailFields = [
  ...['headerNotebookId', 'headerNotebookIp', 'currentIndex', 'userName', 'taskType', 'taskNumber', 'description'],
  ...['gpuNumber', 'cpuNumber', 'ramSize', 'acceleratorType', 'resourceGroup', 'resourceSpec', 'version', 'imagePath'],
  ...['timeoutLimit', 'createTime', 'startTime', 'endTime', 'duration', 'remainingTime', 'tensorboardId'],
  ...['tensorboardPath', 'mountInfoList', 'containerPortInfoList', 'useStartScript', 'startScriptContent'],
  ...['startScriptPath', 'startScriptActionScope'],
]

/** Operations that environments and container jobs share: both are containers at the vendor. */
export interface Containers {
  plan(body: CreateContainer): PlannedRequest
  create(body: CreateContainer, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<string | null>
  /** One container, or `'gone'`. */
  read(id: string, signal: AbortSignal): Promise<JsonObject | 'gone'>
  scan(signal: AbortSignal): Promise<{ items: readonly Json[]; isComplete: boolean }>
  page(cursor: string | null, signal: AbortSignal): Promise<{ items: readonly Json[]; next: string | null }>
  start(id: string, signal: AbortSignal): Promise<void>
  stop(id: string, signal: AbortSignal): Promise<void>
  delete(id: string, signal: AbortSignal): Promise<void>
  data(path: string, signal: AbortSignal): Promise<Json>
}

export function makeContainers(client: ScnetClient, settings: ScnetSettings): Containers {
  const createCall = (body: CreateContainer): ScnetCall => ({
    method: 'POST',
    path: `${base}/task`,
    json: body,
  })
  const act = async (method: 'POST' | 'DELETE', path: string, signal: AbortSignal) => {
    await client.call('ai', { method, path: `${base}/task${path}` }, signal)
  }
  const data = (path: string, signal: AbortSignal) => client.call('ai', { method: 'GET', path: base + path }, signal)
  const list = (signal: AbortSignal) => ({
    idOf,
    read: async (start: number) => pageOf(await client.call('ai', listCall(settings, start), signal)),
  })

  /** The response for an unknown id is not documented, so a complete list decides. */
  async function fromList(id: string, cause: unknown, signal: AbortSignal): Promise<JsonObject | 'gone'> {
    const { items, isComplete } = await scanList(list(signal))
    const item = items.find((each) => idOf(each) === id)
    if (item !== undefined) return isObject(item) ? item : {}
    if (isComplete) return 'gone'
    throw cause
  }

  return {
    plan: (body) => plannedRequest(createCall(body), settings),
    create: async (body, fence) => createdId((await client.create('ai', createCall(body), fence)).data),

    async read(id, signal) {
      try {
        const detail = await data(`/${plainId(id)}/detail`, signal)
        if (isObject(detail) && readText(detail, 'status') !== undefined) return { ...detail, id }
      } catch (error) {
        if (!isAboutObject(error)) throw error
        return await fromList(id, error, signal)
      }
      const nothing = new ProviderError('bad_response', `SCNet's detail of container ${id} shows no status.`)
      return await fromList(id, nothing, signal)
    },

    scan: (signal) => scanList(list(signal)),
    page: (cursor, signal) => readPage(list(signal), cursor),
    start: async (id, signal) => act('POST', `/actions/restart?instanceServiceId=${plainId(id)}`, signal),
    stop: async (id, signal) => act('POST', `/actions/stop?ids=${plainId(id)}`, signal),
    delete: async (id, signal) => act('DELETE', `?ids=${plainId(id)}`, signal),
    data,
  }
}

/** A GET with parameters in the body (container/query). Two known clients send them as a query. */
function listCall({ listForm }: ScnetSettings, start: number): ScnetCall {
  const page = { start, limit: pageSize, sort: 'desc' }
  if (listForm === 'body') {
    return { method: 'GET', path: `${base}/task`, json: { status: null, instanceServiceName: null, ...page } }
  }
  const query = new URLSearchParams({ start: String(start), limit: String(pageSize), sort: 'desc' })
  return { method: 'GET', path: `${base}/task${listForm === 'query' ? '/list' : ''}?${query}` }
}

function plannedRequest(call: ScnetCall, { aiUrl }: ScnetSettings): PlannedRequest {
  const target = aiUrl === undefined ? `/ai${call.path}` : targetAt('ai', aiUrl, call.path).target
  return {
    method: call.method,
    target,
    headers: contentType(call),
    ...(call.json === undefined ? {} : { body: call.json }),
  }
}

/** Documented as a string; an object that wraps it is also accepted. */
function createdId(data: Json): string | null {
  return readId({ data }, 'data') ?? readId(data, 'id') ?? readId(data, 'instanceServiceId') ?? null
}

export function idOf(item: Json): string | undefined {
  return readId(item, 'id') ?? readId(item, 'instanceServiceId')
}

/** The part of an observation that all containers share. The start script may contain secrets and is omitted. */
export function observationOf(item: Json, settings: ScnetSettings, literals: readonly string[]) {
  const remoteId = idOf(item)
  const rawState = readText(item, 'status')
  if (!isObject(item) || remoteId === undefined || rawState === undefined) return null
  const hasScript = item.startScriptContent !== undefined && item.startScriptContent !== ''
  const shown = hasScript ? { ...item, startScriptContent: '[redacted]' } : item
  return {
    remoteId,
    rawState,
    ...given({ remoteName: readText(item, 'instanceServiceName'), correlationTag: tagOf(item, settings) }),
    payload: () => boundedPayload(shown, literals),
  }
}

/** The correlation tag of a container; undefined if the response lacks its field. */
export function tagOf(item: Json, { tagField }: ScnetSettings): string | null | undefined {
  if (!isObject(item)) return undefined
  const text = tagField === 'name' ? item.instanceServiceName : item.description
  if (typeof text !== 'string') return undefined
  return tagField === 'name' ? tagOfName(text, containerTagLength) : tagOfDescription(text)
}

/**
 * Searches a list for correlation tags. Absence is conclusive only if the list is complete and shows the tag field of
 * every item.
 */
export function searchTags<T>(
  scan: { items: readonly Json[]; isComplete: boolean },
  correlationTags: readonly string[],
  { settings, observe }: { settings: ScnetSettings; observe(item: Json): T | null },
) {
  const isShown = scan.items.every((item) => tagOf(item, settings) !== undefined)
  const lookFor = (
    correlationTag: string,
  ): { found: readonly T[]; isComplete: boolean } | Exclude<Found, { found: unknown }> => {
    const ours = scan.items.filter((item) => tagOf(item, settings) === correlationTag)
    const found = ours.flatMap((item) => observe(item) ?? [])
    if (found.length > 0) return { found, isComplete: scan.isComplete && isShown && found.length === ours.length }
    if (ours.length > 0)
      return { inconclusive: 'SCNet lists a container with this correlation tag without its id or status.' }
    if (!scan.isComplete) return { inconclusive: "SCNet's container list could not be read to its end." }
    return isShown
      ? { absent: true }
      : { inconclusive: `SCNet's container list does not show every ${settings.tagField}.` }
  }
  return new Map(correlationTags.map((correlationTag) => [correlationTag, lookFor(correlationTag)]))
}

/** Whether a container ran until its time limit, which may then have ended it. */
export function hasReachedLimit(item: Json, { timeOffset }: ScnetSettings): boolean {
  const { startedAt, endedAt } = timesOf(item, timeOffset)
  const limitSeconds = secondsOf(readText(item, 'timeoutLimit'))
  if (startedAt === undefined || endedAt === undefined || limitSeconds === undefined) return false
  return endedAt.getTime() - startedAt.getTime() >= (limitSeconds - limitSlackSeconds) * 1000
}

const limitSlackSeconds = 5

export function timesOf(item: Json, offset: string): { startedAt?: Date; endedAt?: Date } {
  return given({ startedAt: readTime(item, 'startTime', { offset }), endedAt: readTime(item, 'endTime', { offset }) })
}
