import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Driver } from '../driver.ts'
import type { Intent } from '../intent.ts'
import { isObject, readText } from '../kit/fields.ts'
import { asListed } from '../kit/listed.ts'
import type { Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import { type Call, jsonHeaders, type ModelartsClient } from './client.ts'
import { isOneOf } from './errors.ts'
import { foundIn, type Portion, type Scan, scan } from './list-scan.ts'
import { optionsOf } from './options.ts'

/** The part of a list to read. An API without such a filter ignores `name` and `sinceMs`. */
export interface ListPage {
  workspaceId: string
  /** The start of the page, in the API's unit. */
  start: number
  /** Narrows the list to names that contain it; not relied on to be exact. */
  name?: string
  /** Objects created before this moment may be skipped. */
  sinceMs?: number
}

/** The differences between instances, notebooks and training jobs in creating and reading. */
export interface Resource<K extends Kind> {
  client: ModelartsClient
  /** The noun for messages. */
  noun: string
  /** The workspace of the connection. */
  workspaceId: string
  /** Vendor codes that mean "no such object". */
  notFoundCodes: readonly string[]
  /** Vendor codes that may mean "no such object"; the list then decides. */
  maybeNotFoundCodes?: readonly string[]
  createCall(intent: Intent<K>, workspaceId: string): Call
  /** The name of the object, for lists that can be filtered by name. */
  nameOf?(intent: Intent<K>): string
  detailsCall(remoteId: string): Call
  read(page: ListPage, signal: AbortSignal): Promise<Portion>
  observe(object: Json): Observation<K> | null
  /** Parts of the details that a list omits. */
  listOmits?: readonly string[]
  /** The object with the requested id. */
  withId(object: JsonObject, remoteId: string): JsonObject
  workspaceIdOf(item: JsonObject): string | undefined
}

type ResourceReads<K extends Kind> = Pick<Driver<K>, 'plan' | 'create' | 'find' | 'get' | 'list'> & {
  /** The current object. Rejects with `not_found` if it is gone. */
  existing(remoteId: string, signal: AbortSignal): Promise<Json>
}

/** Tolerance for clock differences; real ones are far smaller. */
const clockToleranceMs = 3_600_000

/** Creating, finding and reading, shared by all three resources. */
export function makeReads<K extends Kind>(resource: Resource<K>): ResourceReads<K> {
  const { client, noun, observe, listOmits = [] } = resource
  const observeListed = (item: JsonObject) => asListed(observe(item), listOmits)
  const workspaceOf = ({ spec }: Intent<K>) => readText(optionsOf(spec), 'workspaceId') ?? resource.workspaceId
  const createCall = (intent: Intent<K>) => resource.createCall(intent, workspaceOf(intent))

  function scanWorkspace(filter: Omit<ListPage, 'start'>, signal: AbortSignal): Promise<Scan<K>> {
    return scan({
      read: (start) => resource.read({ ...filter, start }, signal),
      matchesFilter: (item) => (resource.workspaceIdOf(item) ?? filter.workspaceId) === filter.workspaceId,
      observe: observeListed,
    })
  }

  async function isUnlisted(remoteId: string, signal: AbortSignal): Promise<boolean> {
    const { seen, isComplete } = await scanWorkspace({ workspaceId: resource.workspaceId }, signal)
    return isComplete && !seen.some((each) => each.remoteId === remoteId)
  }

  async function details(remoteId: string, signal: AbortSignal): Promise<Json | 'gone'> {
    try {
      return await client.send(resource.detailsCall(remoteId), signal)
    } catch (error) {
      if (isOneOf(error, resource.notFoundCodes)) return 'gone'
      if (isOneOf(error, resource.maybeNotFoundCodes ?? []) && (await isUnlisted(remoteId, signal))) return 'gone'
      throw error
    }
  }

  return {
    async existing(remoteId, signal) {
      const object = await details(remoteId, signal)
      if (object === 'gone') throw new ProviderError('not_found', `The ModelArts ${noun} no longer exists.`)
      return object
    },

    async get(remoteId, signal) {
      const object = await details(remoteId, signal)
      if (object === 'gone') return object
      const seen = isObject(object) ? observe(resource.withId(object, remoteId)) : null
      if (seen === null) throw new ProviderError('bad_response', `The details of a ${noun} show none.`)
      return seen
    },

    plan(intent) {
      const call = createCall(intent)
      return {
        method: call.method,
        target: client.target(call),
        headers: jsonHeaders,
        body: (call.body ?? null) as Json,
      }
    },

    async create(intent, signal) {
      const seen = observe(await client.create(createCall(intent), { sendBy: intent.sendBy, signal }))
      return seen === null ? { remoteId: null } : { remoteId: seen.remoteId, seen }
    },

    /** One scan per workspace, since a list covers one. */
    async find(intents, signal) {
      const only = intents.length === 1 ? intents[0] : undefined
      const name = only === undefined ? undefined : resource.nameOf?.(only)
      const groups = [...Map.groupBy(intents, workspaceOf)].map(async ([workspaceId, group]) => {
        const sinceMs = Math.min(...group.map(({ firstSentAt }) => firstSentAt.getTime())) - clockToleranceMs
        const filter = { workspaceId, sinceMs, ...(name === undefined ? {} : { name }) }
        return foundIn(group, await scanWorkspace(filter, signal))
      })
      return new Map((await Promise.all(groups)).flat())
    },

    async list({ cursor }, signal) {
      const page = { workspaceId: resource.workspaceId, start: Number(cursor ?? 0) }
      const { items, next } = await resource.read(page, signal)
      return { seen: items.flatMap((item) => observeListed(item) ?? []), next: next === null ? null : String(next) }
    },
  }
}
