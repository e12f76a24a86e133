import { type Fields, isRecord } from '../fields.ts'
import type { Call, Operation, ProviderResponse } from '../provider.ts'
import type { Random } from '../random.ts'
import { momentAt } from '../timeline.ts'
import type { Collection, World, WorldObject } from '../world.ts'
import { goneState } from './lifecycle.ts'
import { errorFormatOf, Rejection, rejectionResponse } from './rejections.ts'
import { assertKeepsRules } from './rules.ts'
import type { ModelartsAccount, ModelartsSettings } from './wire.ts'

/** The dependencies of every group of operations. */
export interface ServiceParts {
  readonly world: World
  readonly settings: ModelartsSettings
  readonly accounts: readonly ModelartsAccount[]
  /** The base URL of the sandbox's listener, for both IAM and ModelArts. */
  url(): string
  callerOf(call: Call): ModelartsAccount
  makeId(generate?: (random: Random) => string): string
}

/** The definition of one operation. */
export interface Definition {
  name: string
  method: Operation['method']
  /** The path, including `/v1/{project_id}` or `/v2/{project_id}`. */
  path: string
  isList?: true
  /** The rules of the body, which is not read without them. */
  fields?: Fields
  /** Whether the body is optional. */
  isBodyOptional?: true
  execute(caller: ModelartsAccount, call: Call, body: never): ProviderResponse
}

/** Builds operations from a group's definitions: bodies are validated and rejections formatted for the group. */
export function defineOperations(parts: ServiceParts, definitions: readonly Definition[]): Operation[] {
  return definitions.map((definition) => ({
    name: definition.name,
    method: definition.method,
    path: definition.path,
    ...(definition.isList && { isList: true as const }),
    subjects: subjectsOf,
    handle: (call) => {
      try {
        return definition.execute(parts.callerOf(call), call, readBody(definition, call, parts.settings) as never)
      } catch (error) {
        if (error instanceof Rejection) return rejectionResponse(error, errorFormatOf(call.target), parts.settings)
        throw error
      }
    },
  }))
}

function subjectsOf({ params, json }: Call): unknown[] {
  const { projectId, ...ids } = params
  const body = isRecord(json) ? json : {}
  const metadata = isRecord(body.metadata) ? body.metadata : {}
  return [...Object.values(ids), body.name, body.job_name, metadata.name]
}

function readBody({ fields, isBodyOptional }: Definition, call: Call, settings: ModelartsSettings): unknown {
  if (fields === undefined) return undefined
  if (isBodyOptional && call.rawBody.length === 0) return {}
  const mediaType = call.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  const isJson = mediaType === 'application/json' || (mediaType === undefined && !settings.requireContentType)
  if (!isJson || !isRecord(call.json)) throw unreadable(call)
  assertKeepsRules(call.json, fields, {
    format: errorFormatOf(call.target),
    refuseUnknown: settings.refuseUnknownFields,
  })
  return call.json
}

function unreadable({ target }: Call): Rejection {
  switch (errorFormatOf(target)) {
    case 'jobs':
      return new Rejection(400, '2787', 'Invalid JSON request body.', 'Check the request body.')
    case 'training-v1':
      return new Rejection(400, '0104', 'Parameter error.')
    default:
      return new Rejection(400, '6400', 'Invalid request payload body, please check.')
  }
}

/** A project's view of one type of object, without other projects' and deleted ones. */
export interface ProjectObjects<D extends object> {
  /** @throws the rejection of the group if the project does not have the object */
  find(caller: ModelartsAccount, id: string | undefined): WorldObject<D>
  all(caller: ModelartsAccount): WorldObject<D>[]
  listed(caller: ModelartsAccount, call: Call): WorldObject<D>[]
}

export function makeProjectObjects<D extends object>(
  collection: Collection<D>,
  now: () => number,
  notFound: (id: string) => Rejection,
): ProjectObjects<D> {
  const isOwn = (object: WorldObject<D>, caller: ModelartsAccount) => object.owner === caller.projectId
  const removeGone = () => {
    const at = now()
    for (const { id, timeline } of collection.all()) {
      if (timeline.at(-1)?.state === goneState && momentAt(timeline, at).state === goneState) collection.remove(id)
    }
  }
  return {
    find: (caller, id = '') => {
      removeGone()
      const object = collection.get(id)
      if (object === undefined || !isOwn(object, caller)) throw notFound(id)
      return object
    },
    all: (caller) => {
      removeGone()
      return collection.all().filter((object) => isOwn(object, caller))
    },
    listed: (caller, { listing }) => {
      removeGone()
      return collection.listed(listing).filter((object) => isOwn(object, caller))
    },
  }
}

/** A lower-case UUID. */
export function randomUuid(random: Random): string {
  const hex = random.text('0123456789abcdef', 30)
  return [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(12, 15)}`, `a${hex.slice(15, 18)}`, hex.slice(18)].join('-')
}

/** A 200 with a JSON body. */
export function ok(body: unknown): ProviderResponse {
  return { status: 200, body }
}

/** A numeric query parameter, or its default. @throws the given rejection if it is not a number of at least `min` */
export function countIn(
  call: Call,
  name: string,
  range: { min: number; fallback: number; rejection: Rejection },
): number {
  const text = call.query.get(name)
  if (text === null || text === '') return range.fallback
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < range.min) throw range.rejection
  return value
}
