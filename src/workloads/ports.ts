import type { Driver } from '../providers/provider.ts'
import type { ProviderError } from '../providers/provider-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'

/** What the engine needs of other rooms, as small as it can be. */

/** A connection whose drivers can be called. */
export interface OpenConnection {
  readonly provider: string
  /** Counts its changes: which settings and credentials its calls are made with. */
  readonly version: number
  /** Where its calls go. */
  readonly origin: string
  /** What decides where its objects live; written to each attempt. */
  readonly scope: JsonObject
  driver<K extends Kind>(kind: K): Driver<K> | undefined
}

export interface Connections {
  /** Opens a connection as it is at `version`; later versions replace it. Rejects when its credentials cannot be read. */
  open(connectionId: string, version: number): Promise<OpenConnection>
  /**
   * After a pause one call tries how things are, and the others wait for what comes of it: wrong keys are not sent by
   * everybody at once. False: somebody tries already.
   */
  mayProbe(connectionId: string): Promise<boolean>
  /**
   * Tells how a call went: failures that are the connection's own make all its workloads wait. What is told of an
   * earlier version than the newest is ignored: it may be about credentials that were changed meanwhile.
   */
  failed(called: CalledConnection, error: ProviderError): Promise<void>
  succeeded(called: CalledConnection): Promise<void>
}

/** The connection that a call was made over, as it was then. */
export interface CalledConnection {
  id: string
  version: number
  /** It was the one that tried how things are after a pause. */
  isProbe: boolean
}

/** Tells whoever waits for a workload, or for a project's events, that there is something new. Never awaited, never fails. */
export interface ChangeNotifier {
  changed(ids: readonly string[]): void
}

export interface Log {
  debug(context: object, message: string): void
  info(context: object, message: string): void
  warn(context: object, message: string): void
  error(context: object, message: string): void
}
