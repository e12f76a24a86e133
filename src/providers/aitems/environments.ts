import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { EnvironmentSpec } from '../../vocabulary/spec.ts'
import type { Driver } from '../driver.ts'
import type { Accepts, SpecError } from '../field-rule.ts'
import type { Intent } from '../intent.ts'
import { readId, readText } from '../kit/fields.ts'
import { asListed } from '../kit/listed.ts'
import { plainId } from '../kit/plain-id.ts'
import { readTime } from '../kit/times.ts'
import type { Catalog, Found, Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { Traits } from '../traits.ts'
import { type AitemsClient, jsonHeaders } from './client.ts'
import { isNoSuchResource } from './errors.ts'
import {
  environmentOptions,
  isUpdateDue,
  maxDescriptionLength,
  optionsOf,
  serviceOf,
  tagLength,
  updatesOf,
} from './mapping.ts'
import {
  activityOf,
  environmentOf,
  itemsFrom,
  readService,
  scanServices,
  serviceStates,
  servicesFrom,
} from './services.ts'
import type { AitemsSettings } from './settings.ts'

const accepts: Accepts = {
  name: {
    to: 'name',
    pattern: '^[A-Za-z_][A-Za-z0-9_-]*$',
    minLength: 3,
    maxLength: 20,
    note: 'letters, digits, `_` and `-`, the first a letter or `_`',
  },
  description: { to: 'description', maxLength: maxDescriptionLength, mutable: true },
}

const traits: Traits<'environment'> = {
  // Not documented. The create response contains the id.
  listConsistencyLagMs: 30_000,
  // The gateway times out its endpoint (504/510) after an undocumented time, which can be set to at most 60 s.
  maxProcessingMs: 60_000,
  // Not documented. A duplicate name would be rejected like any invalid parameter.
  uniqueNames: false,
  enforces: [],
}

/** Fields that a single service has and a list item lacks. */
const listOmits = ['description', 'datasets', 'hpConfig', 'infers', 'type', 'learningInterval', 'scheduledDate']

/**
 * Candidates for a lost service are read individually: the maximum number of reads, and the number of concurrent ones.
 */
const maxReads = 32
const maxConcurrentReads = 8

/** Services: datasets are bound to them and trainings belong to them. They cannot be started or stopped. */
export function makeEnvironments(
  client: AitemsClient,
  settings: AitemsSettings,
  literals: readonly string[],
): Driver<'environment'> {
  async function get(remoteId: string, signal: AbortSignal): Promise<Observation<'environment'> | 'gone'> {
    const service = await readService(client, remoteId, signal)
    if (service === 'gone') return service
    const seen = environmentOf(service, literals)
    if (seen === null) throw new ProviderError('bad_response', 'AiTEMS returned no service.')
    return seen
  }

  return {
    accepts,
    options: environmentOptions,
    mutableOptions: ['datasetIds', 'term'],
    states: serviceStates,
    traits,
    tagLength,
    check: termErrors,

    plan: (intent) => ({
      method: 'POST',
      target: client.target('/services'),
      headers: jsonHeaders,
      body: { ...serviceOf(intent) },
    }),

    async create(intent, signal) {
      const body = JSON.stringify(serviceOf(intent))
      const seen = environmentOf(await client.create('/services', body, { sendBy: intent.sendBy, signal }), literals)
      return seen === null ? { remoteId: null } : { remoteId: seen.remoteId, seen }
    },

    find: (intents, signal) => findServices({ client, get, offset: settings.timezoneOffset }, intents, signal),

    get,

    async list({ cursor }, signal) {
      const { items, next } = await servicesFrom(client, Number(cursor ?? 0), signal)
      return {
        seen: items.flatMap((item) => asListed(environmentOf(item, literals), listOmits) ?? []),
        next: next === null ? null : String(next),
      }
    },

    controls: {
      async delete(remoteId, signal) {
        try {
          await client.change({ method: 'DELETE', path: `/services/${plainId(remoteId)}` }, signal)
        } catch (error) {
          if (!isNoSuchResource(error)) throw error
        }
      },
    },

    needsUpdate: isUpdateDue,

    async update(remoteId, spec, signal) {
      const service = await readService(client, remoteId, signal)
      if (service === 'gone') throw new ProviderError('not_found', 'The AiTEMS service no longer exists.')
      const { datasets, others } = updatesOf(service, spec)
      if (datasets !== undefined) {
        assertDatasetsCanChange(service)
        await client.change(datasets, signal)
      }
      for (const request of others) await client.change(request, signal)
    },

    catalog: (signal) => datasetsOf(client, signal),
  }
}

interface Reading {
  client: AitemsClient
  get: Driver<'environment'>['get']
  offset: string
}

/** The list contains names only. The correlation tag is in the description, which only a read returns. */
async function findServices(
  { client, get, offset }: Reading,
  intents: readonly Intent<'environment'>[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Found<'environment'>>> {
  const { items, isComplete } = await scanServices(client, signal)
  const candidates = items.filter((item) => intents.some((intent) => mayBe(item, intent, offset)))
  const ids = candidates.flatMap((item) => readId(item, 'serviceId') ?? [])
  const seen: Observation<'environment'>[] = []
  for (let from = 0; from < Math.min(ids.length, maxReads); from += maxConcurrentReads) {
    const some = ids.slice(from, Math.min(from + maxConcurrentReads, maxReads))
    const read = await Promise.all(some.map((id) => get(id, signal)))
    seen.push(...read.flatMap((each) => (each === 'gone' ? [] : [each])))
  }
  const isRead = isComplete && candidates.length <= maxReads && ids.length === candidates.length
  return new Map(intents.map((intent) => [intent.correlationTag, searchResultOf(intent, seen, isRead)]))
}

/** The observed service takes precedence over the spec, which has no type for an imported service. */
function termErrors(spec: EnvironmentSpec, shown: Json): readonly SpecError[] {
  const options = optionsOf(spec)
  const type = readText(shown, 'type') ?? readText(options, 'serviceType')
  if (readText(options, 'term') === undefined || type === 'interval') return []
  const detail = '`term` requires `serviceType: "interval"`. Set it, or remove `term`.'
  return [{ pointer: '/providerOptions/aitems/term', detail }]
}

/** One day for the unknown time zone and one day for clock differences. */
const createdToleranceMs = 2 * 86_400_000

/** Has the expected name or shows none, and was not created long before the first attempt. */
function mayBe(item: Json, { spec, firstSentAt }: Intent<'environment'>, offset: string): boolean {
  if ((readText(item, 'name') ?? spec.name) !== spec.name) return false
  const createdAt = readTime(item, 'createdDate', { offset })
  return createdAt === undefined || createdAt.getTime() > firstSentAt.getTime() - createdToleranceMs
}

function searchResultOf(
  { correlationTag, spec }: Intent<'environment'>,
  seen: readonly Observation<'environment'>[],
  isRead: boolean,
): Found<'environment'> {
  const found = seen.filter((each) => each.correlationTag === correlationTag)
  const isTagHidden = seen.some(
    (each) => (each.remoteName ?? spec.name) === spec.name && each.correlationTag === undefined,
  )
  if (found.length > 0) return { found, isComplete: isRead && !isTagHidden }
  if (!isRead) return { inconclusive: 'some services were not read: too many, or without an id' }
  return isTagHidden ? { inconclusive: 'a service of this name shows no description' } : { absent: true }
}

/** Per the user guide, datasets cannot change while a service trains or has a scheduled training. */
function assertDatasetsCanChange(service: Json): void {
  const state = readText(service, 'status') ?? '(none)'
  if (activityOf(service) !== 'learning' && state !== 'scheduled') return
  const message = `Datasets cannot be bound while the service is \`${state}\`; AiTEMS accepts them while it is \`learnable\`.`
  throw new ProviderError('conflict', message)
}

/** The datasets that `datasetIds` can reference. */
async function datasetsOf(client: AitemsClient, signal: AbortSignal): Promise<Catalog> {
  const { items } = itemsFrom(await client.read('/datasets?offset=0&limit=1000', signal), 'datasets', 0)
  const datasets = items.flatMap((item): JsonObject[] => {
    const datasetId = readId(item, 'datasetId')
    if (datasetId === undefined) return []
    const text = (key: string) => readText(item, key) ?? null
    return [{ datasetId, type: text('type'), name: text('name'), status: text('status') }]
  })
  return { datasets }
}
