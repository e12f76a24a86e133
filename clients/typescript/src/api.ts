import createClient, { type Client } from 'openapi-fetch'
import type { paths } from './generated/api.ts'
import type { Settings } from './settings.ts'
import { makeTransport, type Sending } from './transport.ts'

/** Options of every call. */
export interface CallOptions {
  /** Ends the call, and its retries. */
  signal?: AbortSignal | undefined
  /** Time limit of one attempt. Default: the client's. */
  timeoutMs?: number | undefined
  /** Default: the client's. */
  maxRetries?: number | undefined
}

/** A change of a record. */
export interface ChangeOptions extends CallOptions {
  /** Fails with `version_mismatch` unless this is the current version: a record, its version or `ETag`. */
  ifMatch?: { version: number } | number | string | undefined
}

/** A create that is safe to repeat. */
export interface CreateOptions extends CallOptions {
  /** Default: a random one, so that retries of the client create one record. Pass your own to be safe across restarts. */
  idempotencyKey?: string | undefined
}

export interface PreviewOptions extends CallOptions {
  /** Also sends a dry run to the provider, which creates nothing. Fails if the provider has no dry run. */
  askProvider?: boolean | undefined
}

/** The generated client, typed by the paths of the OpenAPI document. */
export type HttpClient = Client<paths>

type Init = {
  fetch: (request: Request) => Promise<Response>
  headers: Readonly<Record<string, string | undefined>>
  signal?: AbortSignal
}

/** Options of a request other than parameters and body. */
export interface How extends Sending {
  headers?: Readonly<Record<string, string | undefined>>
}

interface Answer<T> {
  data?: T
  response: Response
}

export interface Api {
  readonly http: HttpClient
  readonly settings: Settings
  /** Calls one operation and returns its data. */
  call<T>(
    run: (http: HttpClient, init: Init) => Promise<Answer<T>>,
    options?: CallOptions,
    how?: How,
  ): Promise<NonNullable<T>>
  /** The same, for operations and statuses without data. */
  send<T>(
    run: (http: HttpClient, init: Init) => Promise<Answer<T>>,
    options?: CallOptions,
    how?: How,
  ): Promise<Answer<T>>
}

export function makeApi(settings: Settings): Api {
  const transport = makeTransport(settings)
  const http = createClient<paths>({
    baseUrl: settings.url,
    headers: { ...settings.headers },
    fetch: (request) => transport(request, { expects: 'any' }),
    // A redirect is an error: it would turn a POST into a GET.
    redirect: 'manual',
  })

  const send: Api['send'] = (run, { signal, ...limits } = {}, { headers = {}, ...how } = {}) =>
    run(http, {
      fetch: (request) => transport(request, { ...how, ...given(limits) }),
      headers,
      ...(signal === undefined ? {} : { signal }),
    })

  return {
    http,
    settings,
    send,
    async call(run, options, how) {
      const { data, response } = await send(run, options, how)
      if (data === undefined || data === null)
        throw new TypeError(`The response has status ${response.status}, but no data.`)
      return data
    },
  }
}

function given({ timeoutMs, maxRetries }: CallOptions): Sending {
  return {
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(maxRetries === undefined ? {} : { maxRetries }),
  }
}

export function ifMatch({ ifMatch }: ChangeOptions = {}): Readonly<Record<string, string | undefined>> {
  if (ifMatch === undefined) return {}
  const version = typeof ifMatch === 'object' ? ifMatch.version : ifMatch
  return { 'if-match': typeof version === 'number' ? `"${version}"` : version }
}

export function idempotencyKey({ idempotencyKey = randomKey() }: CreateOptions = {}) {
  return { 'idempotency-key': idempotencyKey }
}

/** 128 random bits. Browsers have `randomUUID` only in pages that were loaded over HTTPS. */
function randomKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** The query of a preview. */
export function previewQuery({ askProvider }: PreviewOptions = {}): { askProvider?: boolean } {
  return askProvider === undefined ? {} : { askProvider }
}
