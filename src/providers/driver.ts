import type { TObject } from '@sinclair/typebox'
import type { Json } from '../vocabulary/json.ts'
import type { Action, Kind, Spec, Status } from '../vocabulary/kinds.ts'
import type { Accepts, SpecError } from './field-rule.ts'
import type { Created, Intent, PlannedRequest } from './intent.ts'
import type { Access, Catalog, Found, LogChunk, Observation } from './observation.ts'
import type { Traits } from './traits.ts'

/**
 * The contract between the engine and a provider. The conformance suite checks every statement in it.
 *
 * For all methods that return a promise:
 * - One call of the driver makes the vendor calls of one operation. It never retries, sleeps, polls, logs, keeps state
 *   between calls (except in a token cache), or reads the clock or the environment. HTTP, credentials and time are
 *   injected.
 * - It rejects only with a `ProviderError` (portable code). Messages never contain a secret.
 * - It ends within the session's timeout, and within 100 ms of an abort of `signal`.
 * - It may be called concurrently.
 */

/** Executes an action. `spec` is the request of the create; absent for an import. */
export type Control<K extends Kind> = (remoteId: string, signal: AbortSignal, spec?: Spec<K>) => Promise<void>

export interface Page {
  /** Null = the first page. */
  cursor: string | null
  /** Remote ids that the engine watches, for providers that list per object. */
  watched: readonly string[]
}

/**
 * One kind of one provider, over one connection. A missing optional method is a missing capability: requests that need
 * it are rejected at submit (422).
 */
export interface Driver<K extends Kind = Kind> {
  /** The supported fields. Others are rejected, never ignored. */
  readonly accepts: Accepts
  /** The schema of `providerOptions.<provider>` for this kind, if there are options. */
  readonly options?: TObject
  /** The vendor's states and their statuses. Any other state has `status: null`. */
  readonly states: Readonly<Record<string, Status<K>>>
  readonly traits: Traits<K>
  /** The length of correlation tags of this kind. */
  readonly tagLength: number
  /**
   * The role of the environment that a job names, which belongs to the same connection. `required`: the job runs inside
   * it, and the create names it. `optional`: the create does not name it; the job waits until the environment runs.
   * Absent: jobs do not use environments, and naming one is rejected.
   */
  readonly environment?: 'required' | 'optional'

  /**
   * Validation errors that no field rule expresses. `shown` is the payload of the last observation, null before the
   * first one; the spec of an import contains only what was changed through Switchyard. Pure.
   */
  check?(spec: Spec<K>, shown: Json): readonly SpecError[]
  /** Reads what `find` needs from before the create (AiTEMS versions). Becomes `Intent.before`. */
  prepare?(spec: Spec<K>, environmentRemoteId: string | null, signal: AbortSignal): Promise<Json>
  /** The request that `create` sends. Pure. */
  plan(intent: Intent<K>): PlannedRequest
  /**
   * Sends the create once, not after `intent.sendBy`. A code that means "rejected" is allowed only if the vendor
   * documents it for this call; anything else is `outcome_unknown`, `timeout`, `unavailable` or `bad_response` and makes
   * the engine search for the object.
   */
  create(intent: Intent<K>, signal: AbortSignal): Promise<Created<K>>
  /** Checks whether the provider would accept the create. Creates nothing, and rejects as `create` would. */
  dryRun?(intent: Intent<K>, signal: AbortSignal): Promise<void>
  /** Searches for objects by correlation tag, in one scan if the provider has a list. Keyed by correlation tag. */
  find(intents: readonly Intent<K>[], signal: AbortSignal): Promise<ReadonlyMap<string, Found<K>>>
  /** `'gone'` only if the provider reports with a documented response that the object does not exist. */
  get(remoteId: string, signal: AbortSignal): Promise<Observation<K> | 'gone'>
  /** For imports: why `get` returns `'gone'` for an object that exists, but is none of this driver's; null if none exists. */
  whyGone?(remoteId: string, signal: AbortSignal): Promise<string | null>
  /** One page of existing objects, newest or oldest first. The engine limits the number of pages. */
  list(page: Page, signal: AbortSignal): Promise<{ seen: readonly Observation<K>[]; next: string | null }>
  /** Actions. An object that is already in the target state, or already gone, counts as success. */
  readonly controls: { readonly [A in Action<K>]?: Control<K> }
  /**
   * Applies the mutable parts of the spec: fields whose rule allows it, and `mutableOptions`. Fields absent from the spec
   * stay unchanged, because an import has them from elsewhere. Idempotent, with as many vendor calls as needed; after a
   * failure some may be done. `conflict` means that the object is busy.
   */
  update?(remoteId: string, spec: Spec<K>, signal: AbortSignal): Promise<void>
  /** Options (first steps below `providerOptions.<provider>`) that `update` can change on an existing object. */
  readonly mutableOptions?: readonly string[]
  /** Options that enable something by their presence, even if empty. */
  readonly switchOptions?: readonly string[]
  /**
   * Whether an observation requires an `update` that no client requested: for parts of the spec that the create could
   * not carry (datasets of a service). Pure, so it is true for every such observation; the engine avoids repeating an
   * update that was rejected.
   */
  needsUpdate?(spec: Spec<K>, seen: { rawState: string; payload: Json }): boolean
  /** A part of the output, from the cursor of the part before it on. With times, if the trait `logTimestamps` is set. */
  logs?(remoteId: string, cursor: string | null, signal: AbortSignal): Promise<LogChunk>
  access?(remoteId: string, signal: AbortSignal): Promise<Access>
  catalog?(signal: AbortSignal): Promise<Catalog>
}
