import type { Json } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { parseBody } from '../kit/json.ts'
import { plainId } from '../kit/plain-id.ts'
import { sentSecrets } from '../kit/redact.ts'
import type { HttpClient, ProviderClock, SendBy } from '../session.ts'
import type { Authorize } from './authorize.ts'
import { type Failure, failureOf } from './errors.ts'
import { encodePath, encodeQuery, type Query } from './signer.ts'

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Path segments after the version and the project, each a plain id: `['demanager', 'instances', id]`. */
  path: readonly string[]
  version: 'v1' | 'v2'
  query?: Query
  body?: object
}

export interface ModelartsClient {
  /** The encoded path and query of a call. */
  target(call: Call): string
  /** Sends one call. Resolves with null if the response has no body. */
  send(call: Call, signal: AbortSignal): Promise<Json>
  /** Sends one creating call. Errors that are not documented as rejections become "outcome unknown". */
  create(call: Call, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<Json>
}

/** Headers of every request apart from authentication. Without the language some regions respond in Chinese. */
export const jsonHeaders = { 'content-type': 'application/json', 'x-language': 'en-us' }

interface Deps {
  http: HttpClient
  clock: ProviderClock
  authorize: Authorize
  baseUrl: string
  projectId: string
  literals: readonly string[]
}

interface Fence {
  sendBy?: SendBy
  signal: AbortSignal
}

/** ModelArts over HTTP: `/{version}/{project_id}/…`, JSON both ways. */
export function makeClient({ http, clock, authorize, baseUrl, projectId, literals }: Deps): ModelartsClient {
  const base = new URL(baseUrl)
  const prefix = decodeURIComponent(base.pathname)
    .split('/')
    .filter((segment) => segment !== '')

  const uriOf = ({ version, path }: Call) => encodePath([...prefix, version, projectId, ...path.map(plainId)])
  const queryOf = ({ query = {} }: Call) => encodeQuery(query)

  function target(call: Call): string {
    const query = queryOf(call)
    return query === '' ? uriOf(call) : `${uriOf(call)}?${query}`
  }

  /** `settle` maps a failed attempt to the error that is thrown, before a new token is considered. */
  async function attempt(call: Call, fence: Fence, settle: (failure: unknown) => unknown): Promise<Json> {
    const body = call.body === undefined ? '' : JSON.stringify(call.body)
    const request = {
      method: call.method,
      uri: uriOf(call),
      query: queryOf(call),
      headers: { ...jsonHeaders, host: base.host },
      body,
    }
    return authorize(request, fence.signal, async (headers) => {
      const sent = { method: call.method, target: target(call), headers, ...(body === '' ? {} : { body }), ...fence }
      const response = await http.send(sent).catch((error: unknown) => {
        throw settle(error)
      })
      const secrets = sentSecrets(headers, literals)
      const failure = failureOf(response, { clock, secrets })
      if (failure !== null) throw settle(failure)
      // Some calls return an empty body, `""` or `null`.
      return response.text.trim() === '' ? null : parseBody(response, secrets)
    })
  }

  return {
    target,
    send: (call, signal) => attempt(call, { signal }, (failure) => (isFailure(failure) ? failure.error : failure)),
    create: (call, fence) =>
      attempt(call, fence, (failure) =>
        isFailure(failure)
          ? createFailure(failure.error, () => failure.isRejection)
          : createFailure(failure, () => false),
      ),
  }
}

function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'isRejection' in value
}
