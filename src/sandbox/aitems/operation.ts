import { type Fields, isRecord } from '../fields.ts'
import type { Call, Operation } from '../provider.ts'
import type { WorldObject } from '../world.ts'
import { errorResponse, ServiceError } from './errors.ts'
import { assertKeeps } from './rules.ts'
import type { AitemsAccount, AitemsSettings } from './wire.ts'

/** One documented route, without its `/api/v1`. */
export interface Route {
  readonly method: Operation['method']
  readonly path: string
  readonly body?: Fields
  readonly isList?: true
  /** Success has the status of a creation. */
  readonly creates?: true
}

/** An authenticated call. */
export interface AitemsRequest extends Pick<Call, 'params' | 'query' | 'listing'> {
  readonly caller: AitemsAccount
}

/** Executes an operation with a validated body and returns the response body. */
export type Execute = (request: AitemsRequest, body: never) => unknown

export interface OperationParts {
  name: string
  route: Route
  settings: AitemsSettings
  accounts: readonly AitemsAccount[]
  /** The time of the world's clock, epoch ms. */
  now(): number
  execute: Execute
}

/** Defines an operation of AiTEMS: validates the body, executes, and formats rejections as configured. */
export function defineOperation({ name, route, settings, accounts, now, execute }: OperationParts): Operation {
  return {
    name,
    method: route.method,
    path: `/api/v1${route.path}`,
    ...(route.isList ? { isList: true as const } : {}),
    subjects: ({ params, json }) => [...Object.values(params), isRecord(json) ? json.name : undefined],
    handle: (call) => {
      try {
        const body = route.body === undefined ? {} : readBody(call, route.body, settings)
        const { params, query, listing } = call
        const response = execute({ caller: callerOf(call, accounts), params, query, listing }, body as never)
        return { status: route.creates ? settings.createStatus : 200, body: response }
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error
        const [path = ''] = call.target.split('?')
        return errorResponse(settings, { status: error.status, message: error.message, path, at: now() })
      }
    },
  }
}

function callerOf({ headers }: Call, accounts: readonly AitemsAccount[]): AitemsAccount {
  const account = accounts.find(({ accessKey }) => accessKey === headers['x-ncp-iam-access-key'])
  if (account === undefined) throw new ServiceError(403, 'unknown access key')
  return account
}

function readBody({ headers, json }: Call, fields: Fields, settings: AitemsSettings): Record<string, unknown> {
  const mediaType = headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (mediaType !== 'application/json' && (settings.requireContentType || mediaType !== undefined)) {
    throw new ServiceError(400, 'Content-Type must be application/json')
  }
  if (!isRecord(json)) throw new ServiceError(400, 'the body must be a JSON object')
  assertKeeps(json, fields, { refuseUnknown: settings.refuseUnknownFields })
  return json
}

/** The value of an enumerated query parameter; `undefined` if it is absent. */
export function choiceOf<W extends string>(
  { query }: Pick<AitemsRequest, 'query'>,
  name: string,
  choices: readonly W[],
) {
  const given = query.get(name)
  if (given === null) return undefined
  const choice = choices.find((known) => known === given)
  if (choice === undefined) throw new ServiceError(400, `${name} must be one of ${choices.join(', ')}, not '${given}'`)
  return choice
}

const defaultLimit = 1000

/** One page of a list, with the echo of `offset` and `limit` that newer pages document. */
export function pageOf<O extends WorldObject>(
  name: string,
  objects: readonly O[],
  { query, settings, view }: Pick<AitemsRequest, 'query'> & { settings: AitemsSettings; view(object: O): object },
) {
  const offset = wholeNumber(query, 'offset', 0)
  const limit = wholeNumber(query, 'limit', defaultLimit)
  if (settings.maxLimit > 0 && limit > settings.maxLimit) {
    throw new ServiceError(400, `limit must be at most ${settings.maxLimit}, not ${limit}`)
  }
  const inOrder = settings.newestFirst ? objects.toReversed() : objects
  const page = inOrder.slice(offset, offset + limit).map(view)
  return settings.olderForm ? { [name]: page } : { [name]: page, offset, limit }
}

/** Fields about the caller's permissions that newer pages document for list items. The values are invented. */
export function iamFields(actionName: string, { olderForm }: AitemsSettings) {
  return olderForm ? {} : { actionName, permission: 'Allow' }
}

function wholeNumber(query: URLSearchParams, name: string, fallback: number): number {
  const given = query.get(name)
  if (given === null) return fallback
  if (!/^\d{1,9}$/.test(given)) throw new ServiceError(400, `${name} must be a whole number, not '${given}'`)
  return Number(given)
}
