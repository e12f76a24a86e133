import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../session.ts'
import { failureOf, isNoSuchResource } from './errors.ts'
import type { Signer } from './signer.ts'

export interface AitemsClient {
  /** The encoded path and query of a resource (`/services?limit=1`). */
  target(path: string): string
  /** Reads an object. Rejects with a ProviderError, also if the response is not a JSON object. */
  read(path: string, signal: AbortSignal): Promise<JsonObject>
  /** Reads an object, or returns `'gone'` if AiTEMS reports that it does not exist. */
  readIfThere(path: string, signal: AbortSignal): Promise<JsonObject | 'gone'>
  /** Changes an existing object. Any 2xx is success: the body may be an object, a bare `true`, or empty. */
  change(request: ChangeRequest, signal: AbortSignal): Promise<void>
  /** Sends one creating `POST`. Errors that are not documented as rejections become "outcome unknown". */
  create(path: string, body: string, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<Json>
}

export interface ChangeRequest {
  method: 'POST' | 'PUT' | 'DELETE'
  path: string
  body?: Json
}

/** Headers of every request apart from the signature. The content type is documented for all of them. */
export const jsonHeaders = { 'content-type': 'application/json', accept: 'application/json' }

interface Call {
  method: string
  path: string
  body?: string
  sendBy?: SendBy
  signal: AbortSignal
}

/**
 * AiTEMS over HTTP.
 * Each operation's page: https://api.ncloud-docs.com/docs/ai-application-service-aitems-<resource>-<action>
 */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  sign: Signer
  baseUrl: string
  literals: readonly string[]
}): AitemsClient {
  const { http, clock, sign, literals } = deps
  const prefix = new URL(deps.baseUrl).pathname.replace(/\/$/, '')
  const target = (path: string) => `${prefix}/api/v1${path}`

  /** Sends one request and reads the response. `settle` maps a failure to the error that is thrown. */
  async function send(call: Call, settle = errorOf): Promise<VendorResponse> {
    const { method, path, ...rest } = call
    const headers = { ...jsonHeaders, ...sign(method, target(path)) }
    const secrets = sentSecrets(headers, literals)
    const response = await http.send({ method, target: target(path), headers, ...rest }).catch((error: unknown) => {
      throw settle({ error, isRejection: false })
    })
    const failure = failureOf(response, { clock, secrets }, `${method} ${target(path)}`)
    if (failure !== null) throw settle(failure)
    const isEmpty = response.text.trim() === ''
    return { body: jsonOf(response), isEmpty, unusableBody: () => unusableBodyError(response, call, secrets) }
  }

  async function read(path: string, signal: AbortSignal): Promise<JsonObject> {
    const { body, unusableBody } = await send({ method: 'GET', path, signal })
    if (isObject(body)) return body
    throw unusableBody()
  }

  return {
    target,
    read,

    async readIfThere(path, signal) {
      try {
        return await read(path, signal)
      } catch (error) {
        if (isNoSuchResource(error)) return 'gone'
        throw error
      }
    },

    async change({ method, path, body }, signal) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) }
      bodyOf(await send({ method, path, signal, ...sent }))
    },

    async create(path, body, fence) {
      const settle = (failure: Settling) => createFailure(failure.error, () => failure.isRejection)
      return bodyOf(await send({ method: 'POST', path, body, ...fence }, settle))
    },
  }
}

/** A successful response. */
interface VendorResponse {
  /** Undefined if it is not JSON. */
  body: Json | undefined
  /** The error for an unusable body. */
  unusableBody(): ProviderError
  isEmpty: boolean
}

interface Settling {
  error: unknown
  isRejection: boolean
}

function errorOf({ error }: Settling): unknown {
  return error
}

/** A 2xx that is neither JSON nor empty does not come from AiTEMS. */
function bodyOf({ body, isEmpty, unusableBody }: VendorResponse): Json {
  if (body === undefined && !isEmpty) throw unusableBody()
  return body ?? null
}

function unusableBodyError(
  { status, text }: HttpResponse,
  { method, path }: Call,
  secrets: readonly string[],
): ProviderError {
  const preview = excerpt(text, secrets)
  const message = `HTTP ${status} to ${method} ${path} with an undocumented body: ${preview}`
  return new ProviderError('bad_response', message, { httpStatus: status })
}
