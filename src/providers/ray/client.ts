import type { Json } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { readText } from '../kit/fields.ts'
import { parseBody } from '../kit/json.ts'
import { sentSecrets } from '../kit/redact.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, ProviderClock, SendBy } from '../session.ts'
import { failureOf, hasProviderCode, isRejection, knownErrors, variablesIn } from './errors.ts'
import { type JobSubmitRequest, jobsPath } from './wire.ts'

export interface RayCall {
  method: 'GET' | 'POST'
  /** Path and query below the base URL. */
  path: string
  json?: Json
}

export interface RayClient {
  /** Path and query of a call, with the path of the base URL. */
  target(path: string): string
  /** Sends one call. Rejects with a ProviderError unless the response is HTTP 200 and JSON. */
  call(call: RayCall, signal: AbortSignal): Promise<Json>
  /** Submits once. Returns when a job with the id of the request exists. */
  submit(body: JobSubmitRequest, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<void>
  /** The name of the cluster's session. When it ends, the head has lost all jobs. */
  sessionName(signal: AbortSignal): Promise<string>
}

/** The Jobs API of a Ray head. */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  baseUrl: string
  token: string | undefined
}): RayClient {
  const { http, clock, token } = deps
  const prefix = new URL(deps.baseUrl).pathname.replace(/\/$/, '')
  const target = (path: string) => prefix + path

  async function send(
    { method, path, json }: RayCall,
    { more = [], ...fence }: { signal: AbortSignal; sendBy?: SendBy; more?: readonly string[] },
  ): Promise<Json> {
    const headers = {
      ...headersOf(json !== undefined),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }
    const secrets = sentSecrets(headers, [...(token === undefined ? [] : [token]), ...more])
    const body = json === undefined ? {} : { body: JSON.stringify(json) }
    const response = await http.send({ method, target: target(path), headers, ...body, ...fence })
    if (response.status !== 200) throw failureOf(response, { clock, secrets })
    return parseBody(response, secrets)
  }

  return {
    target,
    call: (call, signal) => send(call, { signal }),

    async submit(body, fence) {
      const more = variablesIn(body.runtime_env)
      try {
        const response = await send({ method: 'POST', path: jobsPath, json: body }, { ...fence, more })
        if (readText(response, 'submission_id') === body.submission_id) return
        throw new ProviderError('bad_response', 'Ray responded to a submit without the id of the job.')
      } catch (error) {
        // The id contains the correlation tag, so it is this job, regardless of the attempt that created it.
        if (hasProviderCode(error, knownErrors.alreadyExists)) return
        throw createFailure(error, isRejection)
      }
    },

    async sessionName(signal) {
      const name = readText(await send({ method: 'GET', path: '/api/version' }, { signal }), 'session_name')
      if (name !== undefined) return name
      const detail = 'Ray does not report the name of its session (`session_name` in /api/version).'
      throw new ProviderError('bad_response', detail, { field: 'settings.baseUrl' })
    },
  }
}

/** Headers of every request apart from authentication. */
export function headersOf(hasBody: boolean): Record<string, string> {
  return { accept: 'application/json', ...(hasBody ? { 'content-type': 'application/json' } : {}) }
}
