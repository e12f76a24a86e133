import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject, readNumber } from '../kit/fields.ts'
import { parseBody } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, ProviderClock, SendBy } from '../session.ts'
import { failureOf } from './errors.ts'
import type { Signer } from './signer.ts'

export interface DataforestClient {
  /** The encoded path and query of an operation (`aiapps/kill`). */
  target(operation: string): string
  /** Sends one call. Rejects with a ProviderError unless the response is HTTP 2xx with `success: true`. */
  call(operation: string, body: JsonObject, signal: AbortSignal): Promise<JsonObject>
  /** Sends one creating call. Errors that are not documented as rejections become "outcome unknown". */
  create(operation: string, body: string, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<JsonObject>
}

/**
 * The items of a list response. A missing list is not an empty list. No paging is documented: a total above the number
 * of items means an incomplete list.
 */
export function contentsOf(json: JsonObject): { contents: readonly Json[]; isComplete: boolean } {
  const { contents } = json
  if (!Array.isArray(contents))
    throw new ProviderError('bad_response', 'Data Forest returned a list without `contents`.')
  return { contents, isComplete: (readNumber(json, 'total') ?? contents.length) <= contents.length }
}

/** Headers of every request apart from the signature. Some reads require the content type even with an empty body. */
export const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' }

interface Fence {
  sendBy?: SendBy
  signal: AbortSignal
  settle(failure: { error: unknown; isRejection: boolean }): unknown
}

/**
 * Data Forest over HTTP: every operation is `POST /api/v2/<group>/<action>` with a JSON body, including reads and
 * deletes.
 * Each operation's page: https://api.ncloud-docs.com/docs/analytics-dataforest-<group>-<action in lower case>
 */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  sign: Signer
  baseUrl: string
  literals: readonly string[]
}): DataforestClient {
  const { http, clock, sign, literals } = deps
  const prefix = new URL(deps.baseUrl).pathname.replace(/\/$/, '')
  const target = (operation: string) => `${prefix}/api/v2/${operation}`

  /** Sends one request and reads the response. `settle` maps a failure to the error that is thrown. */
  async function post(operation: string, body: string, { settle, ...fence }: Fence): Promise<JsonObject> {
    const path = target(operation)
    const headers = { ...jsonHeaders, ...sign('POST', path) }
    const secrets = sentSecrets(headers, literals)
    const response = await http
      .send({ method: 'POST', target: path, headers, body, ...fence })
      .catch((error: unknown) => {
        throw settle({ error, isRejection: false })
      })
    const failure = failureOf(response, { clock, secrets })
    if (failure !== null) throw settle(failure)
    const json = parseBody(response, secrets)
    return isObject(json) ? json : {}
  }

  return {
    target,
    call: (operation, body, signal) =>
      post(operation, JSON.stringify(body), { signal, settle: (failure) => failure.error }),
    create: (operation, body, fence) =>
      post(operation, body, {
        ...fence,
        settle: (failure) => createFailure(failure.error, () => failure.isRejection),
      }),
  }
}
