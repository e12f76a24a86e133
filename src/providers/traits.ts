import type { Kind, Status } from '../vocabulary/kinds.ts'

/** How a provider behaves for one kind, as far as the engine depends on it. */
export interface Traits<K extends Kind = Kind> {
  /** How long the provider's list may lag behind a create. */
  readonly listConsistencyLagMs: number
  /** How long the provider may still execute a request after the caller timed out. */
  readonly maxProcessingMs: number
  /** How long ended work can be found; absent = permanently. */
  readonly retentionMs?: number
  /** The provider creates no second object with the same name: it rejects the create, or applies it to the first. */
  readonly uniqueNames: boolean
  /**
   * Ids are reused after a while, so the correlation tag is checked before an action is sent. With a `start` among the
   * actions: it creates a deleted object again, so absence is conclusive only after `maxProcessingMs`.
   */
  readonly reusesIds?: true
  /** One active job per environment. */
  readonly exclusiveEnvironment?: true
  /** The text of logs has the time of each line: see `lineTimes` of a chunk. */
  readonly logTimestamps?: true
  /** Limits that the provider enforces; Switchyard enforces the others. */
  readonly enforces: readonly ('timeLimit' | 'autoStop')[]
  /** Why no object can be imported; absent = any that `get` reads can. */
  readonly notImportable?: string
  /** Statuses in which the provider accepts a delete; absent = any. In others the engine stops the object first. */
  readonly deletableIn?: readonly Status<K>[]
}
