import type { Json } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { readId } from '../kit/fields.ts'
import { jsonOf } from '../kit/json.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../session.ts'
import { bodyOf, type ErrorContext, failureOf, isRejectedSubmit } from './errors.ts'
import type { SlurmCredentials, SlurmSettings } from './settings.ts'
import { claimsOf, tokenFor } from './signer.ts'

/** `path` follows `/slurm/<version>` or, with `isBare`, the base URL. */
export interface SlurmCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  isBare?: true
  json?: Json
}

export interface SlurmClient {
  /** The body of a response without errors. */
  call(call: SlurmCall, signal: AbortSignal): Promise<Json>
  /** The body of any JSON response with HTTP 2xx: the API description has no `errors`. */
  describe(signal: AbortSignal): Promise<Json>
  /** Submits once. Returns the job's id, regardless of accompanying errors. */
  submit(call: SlurmCall, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<string>
}

/** slurmrestd over HTTP. An expired token is not sent. */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  settings: SlurmSettings
  credentials: SlurmCredentials
}): SlurmClient {
  const { http, clock, settings, credentials } = deps
  const literals = Object.values(credentials)

  async function send<T>(
    call: SlurmCall,
    { read, ...fence }: { signal: AbortSignal; sendBy?: SendBy; read(answer: HttpResponse, context: ErrorContext): T },
  ): Promise<T> {
    const token = tokenFor(settings.user, credentials, clock.now())
    const { expiresAt } = claimsOf(token)
    const isExpired = () => expiresAt !== undefined && expiresAt <= clock.now()
    if (isExpired()) throw expired(expiresAt)
    const answer = await http.send({
      method: call.method,
      target: targetOf(call, settings),
      headers: {
        accept: 'application/json',
        'x-slurm-user-name': settings.user,
        'x-slurm-user-token': token,
        ...contentType(call),
      },
      ...(call.json === undefined ? {} : { body: JSON.stringify(call.json) }),
      ...fence,
    })
    return read(answer, { isExpired: isExpired(), literals: [...literals, token] })
  }

  return {
    call: (call, signal) => send(call, { signal, read: bodyOf }),

    describe(signal) {
      const read = (answer: HttpResponse, context: ErrorContext) => {
        const body = jsonOf(answer)
        if (answer.status === 200 && body !== undefined && readId(body, 'openapi') !== undefined) return body
        throw failureOf(answer, context)
      }
      return send({ method: 'GET', path: '/openapi/v3', isBare: true }, { signal, read })
    },

    async submit(call, fence) {
      try {
        return await send(call, { ...fence, read: jobIdOf })
      } catch (error) {
        throw createFailure(error, isRejectedSubmit)
      }
    },
  }
}

/** Path and query of a call. */
export function targetOf({ path, isBare }: SlurmCall, { baseUrl, version }: SlurmSettings): string {
  const before = new URL(baseUrl).pathname.replace(/(?<!\/)\/+$/, '')
  return `${before}${isBare ? '' : `/slurm/${version}`}${path}`
}

export function contentType({ json }: SlurmCall): Record<string, string> {
  return json === undefined ? {} : { 'content-type': 'application/json' }
}

/** A held job, or one that its partition cannot run now, has an id and errors: it was accepted. */
function jobIdOf(answer: HttpResponse, context: ErrorContext): string {
  const id = readId(jsonOf(answer), 'job_id') ?? ''
  if (answer.status === 200 && /^[1-9]\d*$/.test(id)) return id
  throw failureOf(answer, context)
}

function expired(at: Date | undefined): ProviderError {
  const detail = `Not sent: the token expired at ${at?.toISOString()}. Update the connection with a new token, or with the key.`
  return new ProviderError('unauthenticated', detail, { field: 'credentials.token', notSent: true })
}
