import type { JsonObject } from '../vocabulary/json.ts'

/** Everything that a driver may use besides its arguments. */
export interface Session {
  readonly settings: JsonObject
  readonly credentials: JsonObject
  /** What `discover` found when the connection was last verified; absent before. */
  readonly discovered?: JsonObject
  readonly http: HttpClient
  readonly clock: ProviderClock
}

export interface ProviderClock {
  now(): Date
  monotonicMs(): number
}

/** A deadline on the wall clock and on the monotonic clock of this process; the earlier one applies. */
export interface SendBy {
  at: Date
  monotonicMs: number
}

export interface HttpRequest {
  method: string
  /** Origin-form, exactly as sent, because signatures cover it. */
  target: string
  /** Overrides the client's base URL, for providers with several hosts. */
  origin?: string
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  signal: AbortSignal
  sendBy?: SendBy
}

export interface HttpResponse {
  status: number
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
  text: string
}

/**
 * One attempt over HTTP, bounded in time and size, without redirects or retries. Every response of the server is
 * returned; rejects with a ProviderError whose `notSent` states whether it is certain that nothing was sent.
 */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>
}
