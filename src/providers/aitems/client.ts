import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject } from '../kit/fields.ts'
import { excerpt, parseBody, tryParseJson } from '../kit/json.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { failureOf, isNoSuchResource } from './errors.ts'
import type { Signer } from './signer.ts'

export interface AitemsClient {
  /** Path and query of a resource (`/services?limit=1`) as they stand on the wire. */
  target(path: string): string
  /** Reads an object. Rejects with a ProviderError, also where the answer is no JSON object. */
  read(path: string, signal: AbortSignal): Promise<JsonObject>
  /** The same, where "no such resource" is an answer. */
  readIfThere(path: string, signal: AbortSignal): Promise<JsonObject | 'gone'>
  /** Changes something that exists. Any 2xx is success: the answers are objects, a bare `true`, or nothing. */
  change(request: ChangeRequest, signal: AbortSignal): Promise<void>
  /** One `POST` that makes something: what the documents do not list as a refusal rejects as "outcome unknown". */
  create(path: string, body: string, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<Json>
}

export interface ChangeRequest {
  method: 'POST' | 'PUT' | 'DELETE'
  path: string
  body?: Json
}

/** What every request carries besides the signature; the documents list the content type for all of them. */
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
 * Each operation's page: https://api.ncloud-docs.com/docs/ai-application-service-aitems-<resource>-<verb>
 */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  sign: Signer
  baseUrl: string
}): AitemsClient {
  const { http, clock, sign } = deps
  const prefix = new URL(deps.baseUrl).pathname.replace(/\/$/, '')
  const target = (path: string) => `${prefix}/api/v1${path}`
  const failure = (response: HttpResponse, { method, path }: Call) =>
    failureOf(response, clock, `${method} ${target(path)}`)

  function send({ method, path, ...rest }: Call): Promise<HttpResponse> {
    const headers = { ...jsonHeaders, ...sign(method, target(path)) }
    return http.send({ method, target: target(path), headers, ...rest })
  }

  async function read(path: string, signal: AbortSignal): Promise<JsonObject> {
    const call: Call = { method: 'GET', path, signal }
    const response = await send(call)
    const failed = failure(response, call)
    if (failed !== null) throw failed.error
    const body = parseBody(response)
    if (isObject(body)) return body
    throw badAnswer(response, call)
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
      const call: Call = { method, path, signal, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
      const response = await send(call)
      const failed = failure(response, call)
      if (failed !== null) throw failed.error
      if (isPage(response)) throw badAnswer(response, call)
    },

    async create(path, body, fence) {
      const call: Call = { method: 'POST', path, body, ...fence }
      const response = await send(call).catch((error: unknown) => {
        throw createFailure(error, () => false)
      })
      const failed = failure(response, call)
      if (failed !== null) throw createFailure(failed.error, () => failed.isRefusal)
      if (isPage(response)) throw badAnswer(response, call)
      return tryParseJson(response.text) ?? null
    },
  }
}

/** A 2xx that is neither JSON nor empty was not said by AiTEMS. */
function isPage({ text }: HttpResponse): boolean {
  return text.trim() !== '' && tryParseJson(text) === undefined
}

function badAnswer({ status, text }: HttpResponse, { method, path }: Call): ProviderError {
  const message = `HTTP ${status} to ${method} ${path} with a body that is not what AiTEMS documents: ${excerpt(text)}`
  return new ProviderError('bad_response', message, { httpStatus: status })
}
