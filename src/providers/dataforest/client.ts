import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject } from '../kit/fields.ts'
import { parseBody } from '../kit/json.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../provider.ts'
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

/** What every request carries besides the signature. Some reads need the content type even with an empty body. */
export const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' }

/**
 * Data Forest over HTTP: every operation is `POST /api/v2/<group>/<verb>` with a JSON body, reads and deletes too.
 * Each operation's page: https://api.ncloud-docs.com/docs/analytics-dataforest-<group>-<verb in lower case>
 */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  sign: Signer
  baseUrl: string
}): DataforestClient {
  const { http, clock, sign } = deps
  const prefix = new URL(deps.baseUrl).pathname.replace(/\/$/, '')
  const target = (operation: string) => `${prefix}/api/v2/${operation}`

  function post(
    operation: string,
    body: string,
    fence: { sendBy?: SendBy; signal: AbortSignal },
  ): Promise<HttpResponse> {
    const path = target(operation)
    const headers = { ...jsonHeaders, ...sign('POST', path) }
    return http.send({ method: 'POST', target: path, headers, body, ...fence })
  }

  return {
    target,

    async call(operation, body, signal) {
      const response = await post(operation, JSON.stringify(body), { signal })
      const failure = failureOf(response, clock)
      if (failure !== null) throw failure.error
      return objectOf(parseBody(response))
    },

    async create(operation, body, fence) {
      const response = await post(operation, body, fence).catch((error: unknown) => {
        throw createFailure(error, () => false)
      })
      const failure = failureOf(response, clock)
      if (failure !== null) throw createFailure(failure.error, () => failure.isRefusal)
      return objectOf(parseBody(response))
    },
  }
}

function objectOf(body: Json): JsonObject {
  return isObject(body) ? body : {}
}
