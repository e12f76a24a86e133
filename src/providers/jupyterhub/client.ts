import type { Json } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { parseBody } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../session.ts'
import { type ErrorContext, type Failure, failureOf, isAboutScopes, withDetails } from './errors.ts'
import { authorizationOf } from './signer.ts'
import { paginationType } from './wire.ts'

/** A call to the hub's API. `path` begins after `/hub/api`. */
export interface HubCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  body?: Json
}

interface Fence {
  sendBy?: SendBy
  signal: AbortSignal
}

export interface HubClient {
  /** The encoded path and query. */
  target(path: string): string
  /** The JSON of one read. Rejects with a ProviderError unless the status is 200 (or 201 for a POST). */
  read(call: HubCall, fence: Fence): Promise<Json>
  /** Sends one action whose success is one of these statuses and no body. */
  act(call: HubCall, statuses: readonly number[], fence: Fence): Promise<void>
  /** Sends one create. Any failure that is not a rejection by the hub becomes "outcome unknown". */
  create(call: HubCall, statuses: readonly number[], fence: Fence): Promise<void>
  /** The owner of the token, with its scopes. */
  whoAmI(signal: AbortSignal): Promise<Json>
}

export const jsonHeaders = { 'content-type': 'application/json' }

/** JupyterHub over HTTP: https://jupyterhub.readthedocs.io/en/3.0.0/reference/rest-api.html */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  baseUrl: string
  token: string
}): HubClient {
  const { http, clock, token } = deps
  const prefix = `${new URL(deps.baseUrl).pathname.replace(/\/$/, '')}/hub/api`
  const target = (path: string) => prefix + path
  const self = { method: 'GET', path: '/user' } as const

  async function send(
    { method, path, body }: HubCall,
    fence: Fence,
  ): Promise<{ response: HttpResponse } & ErrorContext> {
    const hasBody = body !== undefined
    const accept = method === 'GET' ? paginationType : 'application/json'
    const headers = { accept, ...authorizationOf(token), ...(hasBody ? jsonHeaders : {}) }
    const content = hasBody ? { body: JSON.stringify(body) } : {}
    const response = await http.send({ method, target: target(path), headers, ...content, ...fence })
    return { response, clock, secrets: sentSecrets(headers, [token]) }
  }

  /**
   * The hub returns 403 both for an unknown token and for a missing scope. The call that reads the token's owner
   * distinguishes them: every valid token may make it. If that call fails, the 403 is inconclusive.
   */
  async function causeOfDenial(failure: Failure, call: HubCall, signal: AbortSignal): Promise<Failure> {
    const { error } = failure
    if (error.code !== 'permission_denied' || !failure.isRejection) return failure
    const field = 'credentials.token'
    const isKnown = call === self ? isAboutScopes(error) : await isTokenKnown(signal)
    if (isKnown === undefined) {
      const message = `Could not check whether JupyterHub accepts the token. ${error.message}`
      return { isRejection: false, error: withDetails(error, { code: 'unavailable', message }) }
    }
    if (isKnown) return { ...failure, error: withDetails(error, { field }) }
    const message = `JupyterHub rejected the token. ${error.message}`
    return { ...failure, error: withDetails(error, { code: 'unauthenticated', message, field }) }
  }

  /** Undefined if the call fails. */
  async function isTokenKnown(signal: AbortSignal): Promise<boolean | undefined> {
    const result = await send(self, { signal }).catch(() => undefined)
    if (result === undefined) return undefined
    if (result.response.status === 200) return true
    const { error, isRejection } = failureOf(result.response, result)
    return isRejection && error.code === 'permission_denied' ? isAboutScopes(error) : undefined
  }

  async function explain(call: HubCall, result: Awaited<ReturnType<typeof send>>, signal: AbortSignal) {
    return causeOfDenial(failureOf(result.response, result), call, signal)
  }

  async function read(call: HubCall, fence: Fence): Promise<Json> {
    const result = await send(call, fence)
    const { status } = result.response
    if (status !== (call.method === 'POST' ? 201 : 200)) throw (await explain(call, result, fence.signal)).error
    return parseBody(result.response, result.secrets)
  }

  return {
    target,
    read,
    whoAmI: (signal) => read(self, { signal }),

    async act(call, statuses, fence) {
      const result = await send(call, fence)
      if (isDone(result.response, statuses)) return
      throw (await explain(call, result, fence.signal)).error
    },

    async create(call, statuses, fence) {
      const result = await send(call, fence).catch((error: unknown) => {
        throw createFailure(error, () => false)
      })
      if (isDone(result.response, statuses)) return
      const { error, isRejection } = await explain(call, result, fence.signal)
      throw createFailure(error, () => isRejection)
    },
  }
}

/** The response to an action has no body, so a page with a matching status does not come from the hub. */
function isDone({ status, text }: HttpResponse, statuses: readonly number[]): boolean {
  if (!statuses.includes(status)) return false
  if (text === '') return true
  throw new ProviderError('bad_response', `HTTP ${status} with an unexpected body.`, {
    httpStatus: status,
  })
}
