import type { Json } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject } from '../kit/fields.ts'
import { jsonOf } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../session.ts'
import { codeOf, dataOf, type ErrorContext, failureOf, isDocumentedRejection, messageOf } from './errors.ts'
import type { Region } from './region.ts'
import type { Tokens } from './tokens.ts'
import type { Service } from './urls.ts'

/** A call to a region's service. `path` follows the service's prefix. */
export interface ScnetCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  /** Sent as JSON, also with GET. */
  json?: Json
  /** Sent form-encoded. */
  form?: Readonly<Record<string, string>>
}

export interface ScnetClient {
  readonly region: Region
  /** `data` of one call. Rejects with a ProviderError unless the response has code "0". */
  call(service: Service, call: ScnetCall, signal: AbortSignal): Promise<Json>
  /** Sends one creating call. Errors that are not documented as rejections become "outcome unknown". */
  create(service: Service, call: ScnetCall, fence: Fence): Promise<{ data: Json; providerMessage: string }>
  /** The content of a file as text; a JSON envelope in its place is an error. */
  download(path: string, signal: AbortSignal): Promise<string>
}

interface Fence {
  sendBy?: SendBy
  signal: AbortSignal
}

/**
 * The region services over HTTP. Every call carries the region's token. A call whose token is rejected was not executed
 * and is repeated once with a new one.
 */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  tokens: Tokens
  region: Region
  literals: readonly string[]
}): ScnetClient {
  const { http, clock, tokens, region, literals } = deps

  async function send<T>(
    service: Service,
    call: ScnetCall,
    { read, ...fence }: Fence & { read(response: HttpResponse, context: ErrorContext): T },
  ): Promise<T> {
    const place = await region.locate(service, call.path, fence.signal)
    return await tokens.withToken(fence.signal, async (token) => {
      const headers = { accept: 'application/json', token, ...contentType(call) }
      const response = await http.send({ ...place, method: call.method, headers, ...bodyOf(call), ...fence })
      return read(response, { clock, secrets: sentSecrets(headers, literals) })
    })
  }

  return {
    region,
    call: (service, call, signal) => send(service, call, { signal, read: dataOf }),

    async create(service, call, fence) {
      const read = (response: HttpResponse, context: ErrorContext) => {
        try {
          const data = dataOf(response, context)
          return { data, providerMessage: messageOf(jsonOf(response), context.secrets) }
        } catch (error) {
          // Inside `withToken`, so that only a documented rejection of the token repeats the call.
          throw createFailure(error, isDocumentedRejection)
        }
      }
      return await send(service, call, { ...fence, read }).catch((error: unknown) => {
        throw createFailure(error, isDocumentedRejection)
      })
    },

    async download(path, signal) {
      const target = `/openapi/v2/file/download?${new URLSearchParams({ path })}`
      const read = (response: HttpResponse, context: ErrorContext) => {
        if (response.status < 200 || response.status > 299 || isErrorEnvelope(response)) {
          throw failureOf(response, context)
        }
        return response.text
      }
      return await send('efile', { method: 'GET', path: target }, { signal, read })
    },
  }
}

/** Header and body of a call, also used in a plan. */
export function contentType({ json, form }: ScnetCall): Record<string, string> {
  if (json !== undefined) return { 'content-type': 'application/json' }
  return form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
}

function bodyOf({ json, form }: ScnetCall): { body?: string } {
  if (json !== undefined) return { body: JSON.stringify(json) }
  return form === undefined ? {} : { body: new URLSearchParams(form).toString() }
}

/** A file may itself be JSON, so only a JSON response in the form of an envelope counts. */
function isErrorEnvelope(response: HttpResponse): boolean {
  const type = response.headers['content-type']
  if (typeof type !== 'string' || !type.includes('json')) return false
  const body = jsonOf(response)
  return isObject(body) && codeOf(body) !== undefined && ('msg' in body || 'message' in body || 'data' in body)
}
