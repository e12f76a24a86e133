import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject, readNumber } from '../kit/fields.ts'
import { parseBody } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import type { HttpClient, ProviderClock, SendBy } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { failureOf } from './errors.ts'
import type { Signer } from './signer.ts'

export interface DataforestClient {
  /** Path and query of an operation (`aiapps/kill`) as they stand on the wire. */
  target(operation: string): string
  /** One call. Rejects with a ProviderError unless the answer is HTTP 2xx and `success: true`. */
  call(operation: string, body: JsonObject, signal: AbortSignal): Promise<JsonObject>
  /** One call that makes something: what the documents do not list as a refusal rejects as "outcome unknown". */
  create(operation: string, body: string, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<JsonObject>
}

/**
 * What a list's answer shows. A list that is not there is not an empty list. The documents show no paging: a total above
 * what came means a page that nobody knows to ask for.
 */
export function contentsOf(answer: JsonObject): { contents: readonly Json[]; isComplete: boolean } {
  const { contents } = answer
  if (!Array.isArray(contents))
    throw new ProviderError('bad_response', 'Data Forest returned a list without `contents`.')
  return { contents, isComplete: (readNumber(answer, 'total') ?? contents.length) <= contents.length }
}

/** What every request carries besides the signature. Some reads need the content type even with an empty body. */
export const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' }

interface Fence {
  sendBy?: SendBy
  signal: AbortSignal
  settle(failure: { error: unknown; isRefusal: boolean }): unknown
}

/**
 * Data Forest over HTTP: every operation is `POST /api/v2/<group>/<verb>` with a JSON body, reads and deletes too.
 * Each operation's page: https://api.ncloud-docs.com/docs/analytics-dataforest-<group>-<verb in lower case>
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

  /** Sends one request and reads its answer; `settle` turns what went wrong into what is thrown. */
  async function post(operation: string, body: string, { settle, ...fence }: Fence): Promise<JsonObject> {
    const path = target(operation)
    const headers = { ...jsonHeaders, ...sign('POST', path) }
    const secrets = sentSecrets(headers, literals)
    const response = await http
      .send({ method: 'POST', target: path, headers, body, ...fence })
      .catch((error: unknown) => {
        throw settle({ error, isRefusal: false })
      })
    const failure = failureOf(response, { clock, secrets })
    if (failure !== null) throw settle(failure)
    const answer = parseBody(response, secrets)
    return isObject(answer) ? answer : {}
  }

  return {
    target,
    call: (operation, body, signal) =>
      post(operation, JSON.stringify(body), { signal, settle: (failure) => failure.error }),
    create: (operation, body, fence) =>
      post(operation, body, {
        ...fence,
        settle: (failure) => createFailure(failure.error, () => failure.isRefusal),
      }),
  }
}
