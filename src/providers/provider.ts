import type { TObject } from '@sinclair/typebox'
import type { Json, JsonObject } from '../vocabulary/json.ts'
import type { Kind, Spec, Status, Verb } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'
import type { FieldPath } from '../vocabulary/spec.ts'

/**
 * The contract between the engine and a provider. Mostly comment: every sentence here is a promise that the
 * conformance suite checks.
 *
 * For all methods that return a promise:
 * - One call of the driver = the vendor calls of one operation. It never retries, sleeps, polls, caches state between
 *   calls (a token cache apart), reads the clock or the environment, or logs. HTTP, credentials and time are handed in.
 * - It rejects with a `ProviderError` (portable code) and nothing else. Messages never hold a secret.
 * - It ends within the session's timeout, and within 100 ms of an abort of `signal`.
 * - It may be called concurrently.
 */

/** What a field of the request becomes at the provider. Data: checked at submit, printed in the docs. */
export interface FieldRule {
  /** Where it goes, in the vendor's words: `docker.image`. */
  readonly to: string
  /** Submit is refused (422) without it. */
  readonly required?: true
  /** The vendor's rule for the string (each string of a list), as it documents it. */
  readonly pattern?: string
  readonly minLength?: number
  /** Characters; counted after what the driver adds (a mark), so this is what is left for the client. */
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  /** For lists: the most items. */
  readonly maxItems?: number
  readonly values?: readonly (string | number | boolean)[]
  /** What the driver sends when the field is absent; filled into the record at submit. */
  readonly default?: Json
  /** Can be changed on an existing object through `Driver.update`. */
  readonly mutable?: true
  /** A remark for the docs and for the refusal's detail. */
  readonly note?: string
}

export type Accepts = { readonly [path in FieldPath]?: FieldRule }

/** A fault of a request that no field rule can say. `pointer` is a JSON pointer into the normalized request. */
export interface SpecError {
  pointer: string
  detail: string
}

/** What a provider shows of one object at one moment. */
export interface Observation<K extends Kind = Kind> {
  remoteId: string
  /** Null: a state that nobody has seen. It changes nothing; the raw word is kept. */
  status: Status<K> | null
  rawState: string
  /** Why, where the provider tells. */
  reason?: Reason
  message?: string
  startedAt?: Date
  endedAt?: Date
  exitCode?: number
  signal?: number
  /** The provider's own name of the object, where it has one. */
  remoteName?: string
  /** The mark that the object shows; null = it shows that it has none; absent = this answer cannot tell. */
  correlationTag?: string | null
  tasks?: readonly Task<K>[]
  /** Provider-specific results, shown as `result.<provider>`. */
  result?: JsonObject
  /** The provider's own words, secrets removed. Made when asked for: of most objects in a list nobody does. */
  payload(): Json
  /**
   * Paths of the payload that this answer never has and another one of the same object may: what a list leaves out of the
   * details, `spec.storage`. What was last shown there is kept.
   */
  omits?: readonly string[]
}

export interface Task<K extends Kind = Kind> {
  id: string
  name: string
  remoteId?: string
  status: Status<K> | null
  exitCode?: number
  logUrl?: string
}

/** One try to create, committed before the call. All tries for one workload carry the same mark. */
export interface Intent<K extends Kind = Kind> {
  /** `[a-z][a-z0-9]*` of the length that `Driver.tagLength` says. Stands in the remote object, so that it is found again. */
  correlationTag: string
  spec: Spec<K>
  environmentRemoteId: string | null
  /** What `prepare` saw. */
  before: Json
  /** Not a byte may leave after this moment. The HTTP client holds it on both clocks. */
  sendBy: SendBy
  /** When the first try may have been sent; a walk of a history starts there. */
  firstSentAt: Date
}

/** A deadline on the wall clock and on the monotonic clock of this process; whichever comes first counts. */
export interface SendBy {
  at: Date
  monotonicMs: number
}

/** The request that a create would send, without authentication. */
export interface PlannedRequest {
  method: string
  /** Origin-form: path and query. */
  target: string
  headers?: Readonly<Record<string, string>>
  body?: Json
}

export interface Created<K extends Kind = Kind> {
  /** Null: the provider took it and did not tell the id; the engine finds it by its mark. */
  remoteId: string | null
  /** What the answer shows of the object, where it shows its state. */
  seen?: Observation<K>
}

/**
 * What a search for a mark found.
 * `absent` only when the walk was complete: every page read, filters honoured, same scope. Anything less is `inconclusive`.
 */
export type Found<K extends Kind = Kind> =
  | FoundObjects<K>
  /** `nameIsTaken`: where names are unique, the walk showed an object with the name of this one that is certainly another's. */
  | { readonly absent: true; readonly nameIsTaken?: true }
  | { readonly inconclusive: string }

export interface FoundObjects<K extends Kind = Kind> {
  readonly found: readonly Observation<K>[]
  /** Whether the walk would be `absent` without these: where they turn out to be others', that is what it proves. */
  readonly isComplete: boolean
}

export interface Traits<K extends Kind = Kind> {
  /** How long the provider's list may trail behind a create. */
  readonly listConsistencyLagMs: number
  /** How long the provider may still execute a request after the caller gave up on it. */
  readonly maxProcessingMs: number
  /** How long ended work stays findable; absent = for good. */
  readonly retentionMs?: number
  /** The provider makes no second object of the same name: it refuses, or takes the create for the first one. */
  readonly uniqueNames: boolean
  /**
   * Ids are given out again after a while, so the mark is checked before a verb is sent. With a `start` among the verbs:
   * it makes anew what was deleted, so a deleted object stays gone only after `maxProcessingMs`.
   */
  readonly reusesIds?: true
  /** One open job per environment. */
  readonly exclusiveEnvironment?: true
  /** Limits that the provider enforces by itself; the rest Switchyard does. */
  readonly enforces: readonly ('timeLimit' | 'autoStop')[]
  /** Statuses in which the provider takes a delete; absent = in any. In others the engine stops first. */
  readonly deletableIn?: readonly Status<K>[]
}

export interface Page {
  /** Null = the first page. */
  cursor: string | null
  /** Remote ids that the engine watches, for providers that list per object. */
  watched: readonly string[]
}

/** Its URLs are http(s) URLs (kit/web-url.ts). */
export interface LogChunk {
  text?: string
  links: readonly { name: string; url: string }[]
  /** Cursor of the next chunk. */
  next?: string
}

/** Its URLs are http(s) URLs (kit/web-url.ts), that of an SSH port apart; a token is for the provider's own origin. */
export interface Access {
  urls: readonly { name: string; url: string }[]
  ports?: readonly { port: number; protocol: string; url?: string }[]
  ssh?: { host: string; port: number; user?: string }
  token?: string
  /** What a client sends as `Authorization` to `urls`, where they take the token so. */
  authorization?: string
}

/** What can be chosen from: flavors, images, queues. */
export type Catalog = { readonly [list: string]: readonly JsonObject[] }

/** Carries out a verb. `spec` is what was asked for at create; absent for an import, which nobody here asked for. */
export type Control<K extends Kind> = (remoteId: string, signal: AbortSignal, spec?: Spec<K>) => Promise<void>

/**
 * One kind of one provider, over one connection. A missing optional method is a missing capability:
 * it is refused at submit (422), not discovered later.
 */
export interface Driver<K extends Kind = Kind> {
  /** What is honoured. A field that is not here is refused, never ignored. */
  readonly accepts: Accepts
  /** The schema of `providerOptions.<provider>` for this kind, where there are options. */
  readonly options?: TObject
  /** The vendor's states and what each means here. Everything else is `status: null`. */
  readonly states: Readonly<Record<string, Status<K>>>
  readonly traits: Traits<K>
  /** How many characters the mark of this kind has. */
  readonly tagLength: number
  /**
   * What the environment that a job names is to it, always one of the same connection. `required`: the job runs inside,
   * and the create names it. `optional`: the create has no place for it; the job waits until it runs and then runs
   * beside it. Absent: it is nothing to a job here, so naming one is refused.
   */
  readonly environment?: 'required' | 'optional'

  /**
   * Faults that no field rule can say. `shown` is the payload of the last sighting, null before there is one: of an
   * import the spec tells only what was changed here. Pure.
   */
  check?(spec: Spec<K>, shown: Json): readonly SpecError[]
  /** Reads what `find` needs to know of the time before the create (AiTEMS versions). Becomes `Intent.before`. */
  prepare?(spec: Spec<K>, environmentRemoteId: string | null, signal: AbortSignal): Promise<Json>
  /** The request that `create` sends. Pure. */
  plan(intent: Intent<K>): PlannedRequest
  /**
   * Sends the create once, not after `intent.sendBy`.
   * A code that means "refused" may be used only where the vendor's documents list it as such for this call;
   * all else is `outcome_unknown`, `timeout`, `unavailable` or `bad_response` and makes the engine look for the object.
   */
  create(intent: Intent<K>, signal: AbortSignal): Promise<Created<K>>
  /** Looks for the objects that carry these marks, all in one walk where the provider can be listed. Keyed by mark. */
  find(intents: readonly Intent<K>[], signal: AbortSignal): Promise<ReadonlyMap<string, Found<K>>>
  /** `'gone'`: the provider says by a documented answer that it has no such object. */
  get(remoteId: string, signal: AbortSignal): Promise<Observation<K> | 'gone'>
  /** One page of what exists, newest or oldest first alike. The engine bounds the number of pages. */
  list(page: Page, signal: AbortSignal): Promise<{ seen: readonly Observation<K>[]; next: string | null }>
  /** Being so already, and being gone already, is success. */
  readonly controls: { readonly [V in Verb<K>]?: Control<K> }
  /**
   * Brings what is mutable to what the spec says: fields whose rule says so, and `mutableOptions`; what the spec does not
   * give is left as it is, for an import has it from elsewhere. Idempotent, in as many vendor calls as it takes; after a
   * failure some may be done. `conflict` = not while the object is busy.
   */
  update?(remoteId: string, spec: Spec<K>, signal: AbortSignal): Promise<void>
  /** The options (first steps below `providerOptions.<provider>`) that `update` can change on an existing object. */
  readonly mutableOptions?: readonly string[]
  /** Options that switch something on by being there, even without anything in them. */
  readonly switchOptions?: readonly string[]
  /**
   * Whether a sighting shows that an `update` is due without a new wish of the client: for what the spec asked for at
   * create and the create could not carry (datasets of a service). Pure, so true at every such sighting: that an
   * update which was refused is not sent over and over is the engine's part.
   */
  needsUpdate?(spec: Spec<K>, seen: { rawState: string; payload: Json }): boolean
  logs?(remoteId: string, cursor: string | null, signal: AbortSignal): Promise<LogChunk>
  access?(remoteId: string, signal: AbortSignal): Promise<Access>
  catalog?(signal: AbortSignal): Promise<Catalog>
}

/** Everything a driver may know besides its arguments. */
export interface Session {
  readonly settings: JsonObject
  readonly credentials: JsonObject
  readonly http: HttpClient
  readonly clock: ProviderClock
}

export interface ProviderClock {
  now(): Date
  monotonicMs(): number
}

export interface HttpRequest {
  method: string
  /** Origin-form, exactly as it is to stand on the wire: what is signed is what is sent. */
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
 * One attempt over HTTP, bounded in time and size, no redirects followed, no retry. Any answer of the server is returned;
 * rejects with a ProviderError whose `notSent` tells whether it is certain that no byte left.
 */
export interface HttpClient {
  send(request: HttpRequest): Promise<HttpResponse>
}

export interface Drivers {
  readonly job?: Driver<'job'>
  readonly environment?: Driver<'environment'>
}

/** An open connection: cheap to make, holds no socket of its own. */
export interface OpenProvider {
  readonly drivers: Drivers
  /** Makes one harmless authenticated call. Rejects with a ProviderError whose `field` names the wrong setting or credential. */
  verify(signal: AbortSignal): Promise<void>
}

export interface CredentialError {
  /** The credential that is missing or superfluous: `secretKey`. */
  field: string
  detail: string
}

export interface Provider {
  /** The product's name, one word; the same in folder, API, docs, tests. */
  readonly id: string
  readonly title: string
  /** Where the vendor documents the API. */
  readonly documentation: string
  readonly settings: TObject
  /** Every property is a secret or part of one. */
  readonly credentials: TObject
  /** Settings and credentials of the right form; the capability matrix is described from a provider opened with them. */
  readonly sample: { readonly settings: JsonObject; readonly credentials: JsonObject }
  /** The base URL that requests go to. */
  baseUrl(settings: JsonObject): string
  /**
   * Settings that decide which hosts receive the credentials, or anything made from them (a token, a signature), from
   * Switchyard or from whoever it hands a token to: URLs, parts of host names, the choice of a region. They change only together with new credentials. Otherwise whoever may
   * change a connection could have its stored secrets sent to a host of their own.
   */
  readonly endpointSettings: readonly string[]
  /** The URLs of those hosts by setting, including derived ones. Absent: the provider itself tells the URL. Pure. */
  endpoints(settings: JsonObject): Readonly<Record<string, string>>
  /** Why these credentials are incomplete, where their schema cannot express it (half a pair). Pure. */
  credentialError?(credentials: JsonObject): CredentialError | null
  /** What decides which account and place objects live in. Frozen once a connection exists, and written to each attempt. */
  scope(settings: JsonObject): JsonObject
  /**
   * The kinds whose remote ids are unique in the world (UUIDs): the same id is the same object, whatever host, region or
   * account it is seen by.
   */
  uniqueIds?(settings: JsonObject): readonly Kind[]
  /**
   * Of the other kinds: how the settings call the part of the base URL's service that gives out remote ids, where several do so
   * apart from each other. With the base URL it tells which connections see the same objects under the same ids, whoever's
   * credentials they have. Where settings may call one part in several ways, all that are given: two connections are
   * taken to see the same part unless a name that both give differs.
   */
  idSpace?(settings: JsonObject): Readonly<Record<string, string>>
  /** Pure: sends nothing. */
  open(session: Session): OpenProvider
}
