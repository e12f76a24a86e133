import type { Json } from '../../vocabulary/json.ts'
import { createFailure } from '../kit/create-outcome.ts'
import { isObject, readId, readList, readText } from '../kit/fields.ts'
import { jsonOf } from '../kit/json.ts'
import { cleanMessage } from '../kit/redact.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpClient, HttpResponse, ProviderClock, SendBy } from '../session.ts'
import { bodyOf, type ErrorContext, failureOf, isRejectedSubmit, isUnserved } from './errors.ts'
import type { SlurmCredentials, SlurmSettings, SlurmVersion } from './settings.ts'
import { claimsOf, tokenFor } from './signer.ts'
import { type ApiVersion, discoveredVersion, fixedVersion, servedVersions } from './versions.ts'

/** `path` follows `/slurm/<version>`. */
export interface SlurmCall {
  method: 'GET' | 'POST' | 'DELETE'
  path: string
  json?(version: SlurmVersion): Json
}

/** A job that was created. */
export interface Submitted {
  remoteId: string
  /** Fields of the request that Slurm reports as ignored. */
  ignored?: readonly string[]
}

export interface SlurmClient {
  readonly version: ApiVersion
  /** The body of a response without errors. */
  call(call: SlurmCall, signal: AbortSignal): Promise<Json>
  /** The versions that slurmrestd serves. */
  served(signal: AbortSignal): Promise<readonly string[]>
  /** Submits once. Returns the job, regardless of accompanying errors. */
  submit(call: SlurmCall, fence: { sendBy: SendBy; signal: AbortSignal }): Promise<Submitted>
}

interface Sending<T> {
  signal: AbortSignal
  sendBy?: SendBy
  read(response: HttpResponse, context: ErrorContext): T
}

/** slurmrestd over HTTP. An expired token is not sent. */
export function makeClient(deps: {
  http: HttpClient
  clock: ProviderClock
  settings: SlurmSettings
  credentials: SlurmCredentials
  /** The version that `verify` stored. */
  storedVersion: SlurmVersion | undefined
}): SlurmClient {
  const { http, clock, settings, credentials } = deps
  const credential = credentialOf(credentials)
  const literals = Object.values(credentials)

  async function send<T>(
    { method, target, json }: { method: string; target: string; json?: Json },
    { read, ...fence }: Sending<T>,
  ): Promise<T> {
    const token = tokenFor(settings.user, credentials, clock.now())
    const { expiresAt } = claimsOf(token)
    const isExpired = () => expiresAt !== undefined && expiresAt <= clock.now()
    if (isExpired()) throw expired(expiresAt)
    const response = await http.send({
      method,
      target,
      headers: {
        accept: 'application/json',
        'x-slurm-user-name': settings.user,
        'x-slurm-user-token': token,
        ...contentType(json),
      },
      ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      ...fence,
    })
    return read(response, { isExpired: isExpired(), credential, literals: [...literals, token] })
  }

  function served(signal: AbortSignal): Promise<readonly string[]> {
    return send({ method: 'GET', target: `${prefixOf(settings)}/openapi/v3` }, { signal, read: versionsIn })
  }

  const version =
    settings.version === undefined
      ? discoveredVersion({ stored: deps.storedVersion, clock, served })
      : fixedVersion(settings.version)

  /** Repeated once if slurmrestd was upgraded and ended the version: it rejects the path before anything is done. */
  async function sendVersioned<T>({ method, path, json }: SlurmCall, sending: Sending<T>): Promise<T> {
    const sendIn = (used: SlurmVersion) => {
      const target = targetOf(path, settings, used)
      return send({ method, target, ...(json === undefined ? {} : { json: json(used) }) }, sending)
    }
    const used = await version.current(sending.signal).catch(beforeSending)
    try {
      return await sendIn(used)
    } catch (error) {
      const other = isUnserved(error) ? await version.replacementOf(used, sending.signal).catch(beforeSending) : used
      if (other === used) throw error
      return sendIn(other)
    }
  }

  return {
    version,
    served,
    call: (call, signal) => sendVersioned(call, { signal, read: bodyOf }),
    async submit(call, fence) {
      try {
        return await sendVersioned(call, { ...fence, read: submittedIn })
      } catch (error) {
        throw createFailure(error, isRejectedSubmit)
      }
    },
  }
}

export function credentialOf({ token }: SlurmCredentials): string {
  return token === undefined ? 'credentials.key' : 'credentials.token'
}

/** Path and query of a call. */
export function targetOf(path: string, settings: SlurmSettings, version: string): string {
  return `${prefixOf(settings)}/slurm/${version}${path}`
}

function prefixOf({ baseUrl }: SlurmSettings): string {
  return new URL(baseUrl).pathname.replace(/(?<!\/)\/+$/, '')
}

export function contentType(json: Json | undefined): Record<string, string> {
  return json === undefined ? {} : { 'content-type': 'application/json' }
}

/** The API description has no `errors`. */
function versionsIn(response: HttpResponse, context: ErrorContext): readonly string[] {
  const body = jsonOf(response)
  if (response.status === 200 && body !== undefined && readId(body, 'openapi') !== undefined)
    return servedVersions(body)
  throw failureOf(response, context)
}

/** A held job, or one that its partition cannot run now, has an id and errors or warnings: it was accepted. */
function submittedIn(response: HttpResponse, context: ErrorContext): Submitted {
  const body = jsonOf(response) ?? null
  const remoteId = readId(body, 'job_id') ?? ''
  if (response.status !== 200 || !/^[1-9]\d*$/.test(remoteId)) throw failureOf(response, context)
  const ignored = ignoredIn(body, context.literals)
  return ignored.length === 0 ? { remoteId } : { remoteId, ignored }
}

const maxWarnings = 20

/** From v0.0.40 on an unknown field is ignored with a warning whose source is its path; warnings of jobs have another. */
function ignoredIn(body: Json, literals: readonly string[]): readonly string[] {
  return readList(body, 'warnings')
    .filter(isObject)
    .filter((warning) => /^#\/(?:job|script)\b/.test(readText(warning, 'source') ?? ''))
    .slice(0, maxWarnings)
    .map((warning) => cleanMessage(readText(warning, 'description') ?? String(warning.source), literals))
}

/** A failure before the call itself was sent. */
function beforeSending(error: unknown): never {
  if (!(error instanceof ProviderError) || error.notSent) throw error
  const { httpStatus, providerCode, retryAfterMs, field } = error
  const details = { httpStatus, providerCode, retryAfterMs, field, notSent: true, cause: error }
  const code = error.code === 'outcome_unknown' ? 'unavailable' : error.code
  throw new ProviderError(code, `Not sent, since the REST API version is not known: ${error.message}`, details)
}

function expired(at: Date | undefined): ProviderError {
  const detail = `Not sent: the token expired at ${at?.toISOString()}. Update the connection with a new token, or with the key.`
  return new ProviderError('unauthenticated', detail, { field: 'credentials.token', notSent: true })
}
