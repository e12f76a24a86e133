import type { IncomingHttpHeaders } from 'node:http'
import type { Listing, World } from './world.ts'

/** Credentials and names a client needs to call an emulated provider. */
export type Account = Readonly<Record<string, string>>

/** Switches and speeds of one provider; they may be changed while it runs. Times are milliseconds. */
export interface Settings {
  /** An object shows up in lists only this long after its creation; reading it by id works at once. */
  listLagMs: number
  [name: string]: number | boolean | string
}

/** One request, as it came over the wire. */
export interface Call {
  readonly operation: string
  readonly method: string
  /** The request target byte for byte, query included: what signatures cover. */
  readonly target: string
  readonly headers: IncomingHttpHeaders
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly rawBody: Buffer
  /** The parsed body; `undefined` when the body is empty or not JSON. */
  readonly json: unknown
  /** The provider's wall clock, epoch ms, as signatures and tokens see it (clock faults included, time travel not). */
  readonly wallClockMs: number
  /** How lists must be read for this call: pass it to `Collection.listed`. */
  readonly listing: Listing
}

/** What goes back. A plain value is sent as JSON; a string or Buffer as it is; `undefined` is an empty body. */
export interface Answer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** One documented operation. */
export interface Operation {
  /** The word that faults match on, such as `aiapps.submit`. */
  readonly name: string
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** A Fastify path, such as `/api/v1/services/:serviceId`. */
  readonly path: string
  /** Answered without asking for credentials: a login. */
  readonly isPublic?: true
  /** It is a list, so list faults apply. */
  readonly isList?: true
  /** Ids and names in the request, for faults that match on an object. */
  subjects?(call: Call): readonly unknown[]
  /** Executes the operation. Synchronous, so that an operation is done or not done, never half. */
  handle(call: Call): Answer
}

/** What can go wrong outside an operation; each provider has its own documented body for it. */
export type Mishap =
  | { readonly what: 'unknown_route' | 'too_large' | 'rate_limited' }
  | { readonly what: 'refused_in_200' }
  | { readonly what: 'bad_request'; readonly detail: string }
  | { readonly what: 'credentials'; readonly reason: 'invalid' | 'expired' | 'forbidden' }
  | { readonly what: 'server_error'; readonly status: number }

/** A provider at work. */
export interface Emulation {
  readonly operations: readonly Operation[]
  /** The answer to a caller who is not who he says, or `null` when he is. */
  authenticate(call: Call): Answer | null
  /** The documented answer to a mishap. */
  mishap(mishap: Mishap): Answer
  /** Makes the objects that exist from the beginning. Called when the world holds none of this provider's. */
  populate?(): void
}

/** What a provider is given to work with. */
export interface Room<S extends Settings> {
  readonly world: World
  /** Live: read a setting when it is needed, never keep it. */
  readonly settings: S
  /** The base URL under which this provider is reached. */
  url(): string
}

/** A body of Switchyard's API. */
export type RequestBody = Readonly<Record<string, unknown>>

/**
 * How a client of Switchyard uses an emulated provider, in the words of Switchyard's API: what a local installation connects,
 * what the demo sends, what a load is made of. Nothing that an emulation does depends on it.
 */
export interface SandboxClient<A extends Account = Account> {
  /** What the demo says of its requests. */
  readonly title: string
  /** Of `POST /connections`, what is this provider's. */
  connection(url: string, account: A): { readonly settings: RequestBody; readonly credentials: RequestBody }
  /** The documents' own example in `POST /environments`, without `provider`. A letter or digit may follow its name. */
  environment?(account: A): RequestBody & { readonly name: string }
  /** What such an environment waits for, in `PATCH /environments/{id}`, when it is `blocked`. */
  unblock?(account: A): RequestBody
  /** The same in `POST /jobs`. It makes one object. */
  job?(account: A): RequestBody & { readonly name: string }
  /** The job runs in the environment. */
  readonly jobNeedsEnvironment?: true
}

/** An emulated provider: the one thing that a provider folder exports and the registry lists. */
export interface SandboxProvider<S extends Settings = Settings, A extends Account = Account> {
  readonly id: string
  /** Its port is so far above the control API's: given once, never changed, 1 and up without gaps. */
  readonly portOffset: number
  /** The first is the one a client should use; the others own things that it must not see. */
  readonly accounts: readonly [A, ...A[]]
  /** The settings as they are unless told otherwise. */
  readonly settings: Readonly<S>
  readonly client: SandboxClient<A>
  open(room: Room<S>): Emulation
}
