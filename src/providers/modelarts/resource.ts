import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import { isObject, readText } from '../kit/fields.ts'
import { asListed } from '../kit/listed.ts'
import type { Driver, Intent, Observation } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { type Call, jsonHeaders, type ModelartsClient } from './client.ts'
import { isOneOf } from './errors.ts'
import { foundIn, type Portion, type Scan, scan } from './finding.ts'
import { optionsOf } from './options.ts'

/** Which part of a list to read. An API without such a filter leaves `name` and `sinceMs` alone. */
export interface ListPage {
  workspaceId: string
  /** Where the page begins, in the API's own unit. */
  start: number
  /** Narrows the list to names that contain it; never trusted to be exact. */
  name?: string
  /** Objects made before this moment are of no interest. */
  sinceMs?: number
}

/** What differs between instances, notebooks and training jobs as far as making and looking go. */
export interface Resource<K extends Kind> {
  client: ModelartsClient
  /** What it is called in messages. */
  word: string
  /** The connection's. */
  workspaceId: string
  /** Vendor codes that say "no such object". */
  noSuch: readonly string[]
  /** Vendor codes that may say so as well: then the list decides. */
  maybeNoSuch?: readonly string[]
  createCall(intent: Intent<K>, workspaceId: string): Call
  /** The name that the object gets, for lists that can be narrowed by name. */
  nameOf?(intent: Intent<K>): string
  detailsCall(remoteId: string): Call
  read(page: ListPage, signal: AbortSignal): Promise<Portion>
  observe(object: Json): Observation<K> | null
  /** Parts of the details that a list leaves out. */
  listOmits?: readonly string[]
  /** The object as if it repeated the id that was asked for. */
  withId(object: JsonObject, remoteId: string): JsonObject
  workspaceIdOf(item: JsonObject): string | undefined
}

type Reading<K extends Kind> = Pick<Driver<K>, 'plan' | 'create' | 'find' | 'get' | 'list'> & {
  /** The object as it is shown. Rejects with `not_found` where it is gone. */
  existing(remoteId: string, signal: AbortSignal): Promise<Json>
}

/** Their clock and ours may differ by far less than this. */
const clockToleranceMs = 3_600_000

/** Making, finding and looking, alike for all three. */
export function makeReading<K extends Kind>(resource: Resource<K>): Reading<K> {
  const { client, word, observe, listOmits = [] } = resource
  const observeListed = (item: JsonObject) => asListed(observe(item), listOmits)
  const workspaceOf = ({ spec }: Intent<K>) => readText(optionsOf(spec), 'workspaceId') ?? resource.workspaceId
  const createCall = (intent: Intent<K>) => resource.createCall(intent, workspaceOf(intent))

  function scanWorkspace(filter: Omit<ListPage, 'start'>, signal: AbortSignal): Promise<Scan<K>> {
    return scan({
      read: (start) => resource.read({ ...filter, start }, signal),
      isAskedFor: (item) => (resource.workspaceIdOf(item) ?? filter.workspaceId) === filter.workspaceId,
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
      if (isOneOf(error, resource.noSuch)) return 'gone'
      if (isOneOf(error, resource.maybeNoSuch ?? []) && (await isUnlisted(remoteId, signal))) return 'gone'
      throw error
    }
  }

  return {
    async existing(remoteId, signal) {
      const object = await details(remoteId, signal)
      if (object === 'gone') throw new ProviderError('not_found', `The ModelArts ${word} no longer exists.`)
      return object
    },

    async get(remoteId, signal) {
      const object = await details(remoteId, signal)
      if (object === 'gone') return object
      const seen = isObject(object) ? observe(resource.withId(object, remoteId)) : null
      if (seen === null) throw new ProviderError('bad_response', `The details of a ${word} show none.`)
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

    /** One walk per workspace, since a list shows one. */
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
