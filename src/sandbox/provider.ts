import type { IncomingHttpHeaders } from 'node:http'
import type { Listing, World } from './world.ts'

/** Credentials and names that a client needs to call an emulated provider. */
export type Account = Readonly<Record<string, string>>

/** Switches and durations of one provider, in milliseconds; they can be changed at runtime. */
export interface Settings {
  /** Delay until a new object appears in lists; reads by id show it immediately. */
  listLagMs: number
  [name: string]: number | boolean | string
}

/** One HTTP request as received. */
export interface Call {
  readonly operation: string
  readonly method: string
  /** The exact request target with its query, as signatures cover it. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly rawBody: Buffer
  /** The parsed body; `undefined` if the body is empty or not JSON. */
  readonly json: unknown
  /** The provider's wall clock, epoch ms, for signatures and tokens (including clock faults, excluding time travel). */
  readonly wallClockMs: number
  /** How lists are read for this call: pass it to `Collection.listed`. */
  readonly listing: Listing
}

/** A response. A plain value is sent as JSON, a string or Buffer unchanged; `undefined` is an empty body. */
export interface ProviderResponse {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One documented operation. */
export interface Operation {
  /** The name that faults match, such as `aiapps.submit`. */
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** A Fastify path, such as `/api/v1/services/:serviceId`. */
  readonly path: string
  /** Requires no credentials: a login. */
  readonly isPublic?: true
  /** Whether list faults apply. */
  readonly isList?: true
  /** Ids and names in the request, for faults that match an object. */
  subjects?(call: Call): readonly unknown[]
  /** Executes the operation. Synchronous, so that it is executed completely or not at all. */
  handle(call: Call): ProviderResponse
}

/** Failures outside an operation; each provider documents a body for them. */
export type Failure =
  | { readonly what: 'unknown_route' | 'too_large' | 'rate_limited' }
  | { readonly what: 'refused_in_200' }
  | { readonly what: 'bad_request'; readonly detail: string }
  | { readonly what: 'credentials'; readonly reason: 'invalid' | 'expired' | 'forbidden' }
  | { readonly what: 'server_error'; readonly status: number }

/** A running emulation of a provider. */
export interface Emulation {
  readonly operations: readonly Operation[]
  /** The rejection of an unauthenticated caller; `null` for an authenticated one. */
  authenticate(call: Call): ProviderResponse | null
  /** The documented response to a failure. */
  failure(failure: Failure): ProviderResponse
  /** Creates the initial objects. Called if the world contains none of this provider. */
  populate?(): void
}

/** The runtime that a provider's emulation receives. */
export interface EmulationContext<S extends Settings> {
  readonly world: World
  /** Mutable: read a setting when needed, never copy it. */
  readonly settings: S
  /** The base URL of this provider. */
  url(): string
}

/** A body of Switchyard's API. */
export type RequestBody = Readonly<Record<string, unknown>>

/**
 * How a client of Switchyard uses an emulated provider, in terms of Switchyard's API: the connection of a local
 * installation, the requests of the demo and of load tests. No emulation depends on it.
 */
export interface SandboxClient<A extends Account = Account> {
  /** The title of the requests in the demo. */
  readonly title: string
  /** The provider-specific part of `POST /connections`. */
  connection(url: string, account: A): { readonly settings: RequestBody; readonly credentials: RequestBody }
  /**
   * The vendor's documented example as `POST /environments`, without `provider`. A letter or digit may be appended to
   * its name.
   */
  environment?(account: A): RequestBody & { readonly name: string }
  /** The `PATCH /environments/{id}` that such an environment requires when it is `blocked`. */
  unblock?(account: A): RequestBody
  /** The vendor's documented example as `POST /jobs`. It creates one object. */
  job?(account: A): RequestBody & { readonly name: string }
  /** The job runs in the environment. */
  readonly jobNeedsEnvironment?: true
}

/** An emulated provider: the only export of a provider folder, listed in the registry. */
export interface SandboxProvider<S extends Settings = Settings, A extends Account = Account> {
  readonly id: string
  /** Offset of its port from the control API's: 1 and up without gaps, never changed. */
  readonly portOffset: number
  /** The first is for the client; the others own objects that it must not see. */
  readonly accounts: readonly [A, ...A[]]
  /** The default settings. */
  readonly settings: Readonly<S>
  readonly client: SandboxClient<A>
  /** The final states of a job. */
  readonly endedStates: ReadonlySet<string>
  /** The kinds of objects that belong to another one and are deleted with it. */
  readonly dependentKinds?: ReadonlySet<string>
  open(context: EmulationContext<S>): Emulation
}
