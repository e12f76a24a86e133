import type { Json, JsonObject } from '../vocabulary/json.ts'
import type { Kind, Status } from '../vocabulary/kinds.ts'
import type { Reason } from '../vocabulary/reasons.ts'

/** One object at the provider at one moment. */
export interface Observation<K extends Kind = Kind> {
  remoteId: string
  /** Null for an unknown state, which changes nothing; the raw state is kept. */
  status: Status<K> | null
  rawState: string
  /** The cause, if the provider reports it. */
  reason?: Reason
  message?: string
  startedAt?: Date
  endedAt?: Date
  exitCode?: number
  signal?: number
  /** The provider's name of the object, if any. */
  remoteName?: string
  /** The correlation tag of the object; null if it has none; absent if the response does not show it. */
  correlationTag?: string | null
  /**
   * An id of the object that no other object ever gets, where `remoteId` may be reused. It may change during the life of
   * the object: the same identity proves the same object, another one does not disprove it.
   */
  identity?: string
  tasks?: readonly Task<K>[]
  /** Provider-specific results, shown as `result.<provider>`. */
  result?: JsonObject
  /** The provider's response without secrets. Computed on demand, since most list items never need it. */
  payload(): Json
  /**
   * Paths of the payload that this response never has and another one of the same object may have: what a list omits
   * from the details, `spec.storage`. Their last observed values are kept.
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

/**
 * The result of a search for a correlation tag. `absent` requires a complete scan: every page read, filters applied,
 * same scope. Anything less is `inconclusive`.
 */
export type Found<K extends Kind = Kind> =
  | FoundObjects<K>
  /** `nameIsTaken`: names are unique, and the scan showed another object with the name of this one. */
  | { readonly absent: true; readonly nameIsTaken?: true }
  | { readonly inconclusive: string }

export interface FoundObjects<K extends Kind = Kind> {
  readonly found: readonly Observation<K>[]
  /** Whether the scan was complete, so that the result is `absent` if all of these turn out to belong to others. */
  readonly isComplete: boolean
}

/** Its URLs are http(s) URLs (kit/web-url.ts). */
export interface LogChunk {
  text?: string
  /**
   * For each line of `text`, when the provider received it: RFC 3339 in UTC, as precise as the provider's time, then a
   * text and not a `Date`. Null for a line that the driver adds. Present with `text` if the trait `logTimestamps` is set.
   */
  lineTimes?: readonly (string | null)[]
  links: readonly { name: string; url: string }[]
  /** Cursor of the next chunk. */
  next?: string
}

/** Its URLs are http(s) URLs (kit/web-url.ts), except for SSH ports; a token is only for the provider's origin. */
export interface Access {
  urls: readonly { name: string; url: string }[]
  ports?: readonly { port: number; protocol: string; url?: string }[]
  ssh?: { host: string; port: number; user?: string }
  token?: string
  /** The `Authorization` header for `urls`, if they accept the token this way. */
  authorization?: string
}

/** Available choices: flavors, images, queues. */
export type Catalog = { readonly [list: string]: readonly JsonObject[] }
