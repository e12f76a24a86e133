import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject } from '../kit/fields.ts'
import { excerpt, jsonOf } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
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
  literals: readonly string[]
}): AitemsClient {
  const { http, clock, sign, literals } = deps
  const prefix = new URL(deps.baseUrl).pathname.replace(/\/$/, '')
  const target = (path: string) => `${prefix}/api/v1${path}`

  /** Sends one request and reads its answer; `settle` turns what went wrong into what is thrown. */
  async function send(call: Call, settle = errorOf): Promise<Said> {
    const { method, path, ...rest } = call
    const headers = { ...jsonHeaders, ...sign(method, target(path)) }
    const secrets = sentSecrets(headers, literals)
    const response = await http.send({ method, target: target(path), headers, ...rest }).catch((error: unknown) => {
      throw settle({ error, isRefusal: false })
    })
    const failure = failureOf(response, { clock, secrets }, `${method} ${target(path)}`)
    if (failure !== null) throw settle(failure)
    const isEmpty = response.text.trim() === ''
    return { body: jsonOf(response), isEmpty, bad: () => badAnswer(response, call, secrets) }
  }

  async function read(path: string, signal: AbortSignal): Promise<JsonObject> {
    const { body, bad } = await send({ method: 'GET', path, signal })
    if (isObject(body)) return body
    throw bad()
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
      const settle = (failure: Settling) => createFailure(failure.error, () => failure.isRefusal)
      return bodyOf(await send({ method: 'POST', path, body, ...fence }, settle))
    },
  }
}

/** What AiTEMS said. */
interface Said {
  /** Undefined where it is no JSON. */
  body: Json | undefined
  /** The error that says so. */
  bad(): ProviderError
  isEmpty: boolean
}

interface Settling {
  error: unknown
  isRefusal: boolean
}

function errorOf({ error }: Settling): unknown {
  return error
}

/** A 2xx that is neither JSON nor empty was not said by AiTEMS. */
function bodyOf({ body, isEmpty, bad }: Said): Json {
  if (body === undefined && !isEmpty) throw bad()
  return body ?? null
}

function badAnswer({ status, text }: HttpResponse, { method, path }: Call, secrets: readonly string[]): ProviderError {
  const words = excerpt(text, secrets)
  const message = `HTTP ${status} to ${method} ${path} with an undocumented body: ${words}`
  return new ProviderError('bad_response', message, { httpStatus: status })
}
