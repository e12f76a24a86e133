import type { Json, JsonObject } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject, readText } from '../kit/fields.ts'
import { jsonOf, parseBody } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../session.ts'
import { type ErrorContext, failureOf, isFailure, isNoSuchObject, isRejectedCreate } from './errors.ts'

/** A collection of the configured namespace: `apis/batch/v1` and `jobs`. */
export interface Resource {
  api: string
  plural: string
}

export interface KubeCall {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Path after the base URL, without query. */
  path: string
  query?: Readonly<Record<string, string>>
  body?: Json
}

export interface Fence {
  signal: AbortSignal
  sendBy?: SendBy
}

export interface KubeClient {
  /** The field of the connection that authenticates. */
  readonly credential: string
  /** The path of a collection, or of an object in it. */
  path(resource: Resource, name?: string): string
  target(call: KubeCall): string
  /** The JSON object of a successful response. */
  call(call: KubeCall, fence: Fence): Promise<JsonObject>
  /** The text of a successful response: a log. */
  text(call: KubeCall, fence: Fence): Promise<string>
  /** A call about one object; null if the server reports that it does not exist. */
  callOne(call: Omit<KubeCall, 'path'>, at: Place, fence: Fence): Promise<JsonObject | null>
  /** Sends a create once. Failures that are not documented rejections become "outcome unknown". */
  create(call: KubeCall, fence: Fence): Promise<JsonObject>
}

export interface Place {
  resource: Resource
  name: string
}

/** A field that the server does not know is an error instead of being dropped. */
export const strictly = { fieldValidation: 'Strict' }

/** The call as a dry run: the server performs every check and does not store the object. */
export function dryRunOf(call: KubeCall): KubeCall {
  return { ...call, query: { ...call.query, dryRun: 'All' } }
}

/** A PATCH of the given fields; null removes one (RFC 7386). */
const mergePatch = 'application/merge-patch+json'

export function contentType({ method, body }: Pick<KubeCall, 'method' | 'body'>): Record<string, string> {
  if (body === undefined) return {}
  return { 'content-type': method === 'PATCH' ? mergePatch : 'application/json' }
}

/** The API server over HTTP: https://kubernetes.io/docs/reference/using-api/api-concepts/ */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  baseUrl: string
  namespace: string
  token: string | undefined
}): KubeClient {
  const { http, clock, namespace, token } = deps
  const prefix = new URL(deps.baseUrl).pathname.replace(/(?<!\/)\/+$/, '')
  const credential = token === undefined ? 'network.clientCertificate' : 'credentials.token'

  function target({ path, query = {} }: KubeCall): string {
    const search = new URLSearchParams(query).toString()
    return `${prefix}/${path}${search === '' ? '' : `?${search}`}`
  }

  async function send(call: KubeCall, fence: Fence): Promise<{ response: HttpResponse; context: ErrorContext }> {
    const headers = {
      accept: 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...contentType(call),
    }
    const { method, body } = call
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await http.send({ method, target: target(call), headers, ...content, ...fence })
    return {
      response,
      context: { clock, credential, secrets: sentSecrets(headers, token === undefined ? [] : [token]) },
    }
  }

  async function call(request: KubeCall, fence: Fence): Promise<JsonObject> {
    const { response, context } = await send(request, fence)
    return objectIn(response, context)
  }

  const path = ({ api, plural }: Resource, name?: string) =>
    `${api}/namespaces/${namespace}/${plural}${name === undefined ? '' : `/${name}`}`

  return {
    credential,
    path,
    target,
    call,

    async text(request, fence) {
      const { response, context } = await send(request, fence)
      if (response.status === 200) return response.text
      throw failureOf(response, context)
    },

    async callOne(request, { resource, name }, fence) {
      const { response, context } = await send({ ...request, path: path(resource, name) }, fence)
      return isNoSuchObject(response, resource.plural, name) ? null : objectIn(response, context)
    },

    async create(request, fence) {
      try {
        return await call(request, fence)
      } catch (error) {
        throw createFailure(error, isRejectedCreate)
      }
    },
  }
}

function objectIn(response: HttpResponse, context: ErrorContext): JsonObject {
  const isGood = response.status >= 200 && response.status < 300
  const body = isGood ? parseBody(response, context.secrets) : jsonOf(response)
  if (isFailure(response, body)) throw failureOf(response, context)
  // Every object of Kubernetes has a kind; any other body comes from a proxy.
  if (isObject(body) && readText(body, 'kind') !== undefined) return body
  throw new ProviderError('bad_response', `HTTP ${response.status} without an object of Kubernetes.`, {
    httpStatus: response.status,
  })
}
