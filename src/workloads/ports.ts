import type { Driver } from '../providers/driver.ts'
import type { ProviderError } from '../providers/provider-error.ts'
import type { JsonObject } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'

/** What the engine needs of other modules. */

/** A connection whose drivers can be called. */
export interface OpenConnection {
  readonly provider: string
  /** Version of the settings and credentials that its calls use. */
  readonly version: number
  /** Origin of its calls. */
  readonly origin: string
  /** Determines where its objects live; recorded with each attempt. */
  readonly scope: JsonObject
  driver<K extends Kind>(kind: K): Driver<K> | undefined
}

export interface Connections {
  /** Opens a connection at `version`; later versions replace it. Rejects if its credentials cannot be read. */
  open(connectionId: string, version: number): Promise<OpenConnection>
  /**
   * After a pause, one call probes the connection and the others wait for its result, so that wrong credentials are not
   * sent many times. False if another call is probing.
   */
  mayProbe(connectionId: string): Promise<boolean>
  /**
   * Reports the result of a call: a failure of the connection pauses all its workloads. Reports about an earlier
   * version are ignored, since the credentials may have changed meanwhile.
   */
  failed(called: CalledConnection, error: ProviderError): Promise<void>
  succeeded(called: CalledConnection): Promise<void>
}

/** The connection of a call, as it was then. */
export interface CalledConnection {
  id: string
  version: number
  /** Whether the call probed the connection after a pause. */
  isProbe: boolean
}

/** Notifies waiters that a workload, or a project's events, changed. Never awaited, never fails. */
export interface ChangeNotifier {
  changed(ids: readonly string[]): void
}

export interface Log {
  debug(context: object, message: string): void
  info(context: object, message: string): void
  warn(context: object, message: string): void
  error(context: object, message: string): void
}

/** Measures and traces what the engine does. Runs `run` exactly once and returns or throws what it does. */
export interface EngineObserver {
  /** A wake-up message; `traceParent` is in messages of traced requests. */
  hint(traceParent: string | undefined, run: () => Promise<void>): Promise<void>
  pass(about: ObservedPass, run: () => Promise<Passed>): Promise<Passed>
  scan<R extends ScanResult>(about: ObservedScan, run: () => Promise<R>): Promise<R>
}

export interface ObservedPass {
  /** Of the request that the workload was last changed by; null if it was not traced. */
  traceParent: string | null
  workloadId: string
  connectionId: string
  provider: string
  kind: Kind
}

/** How a reconcile pass ended. */
export interface Passed {
  /** Whether the workload is due again immediately. */
  isDue: boolean
  /**
   * The executed step, or `wait`; `failed` if its call failed; `released` if nothing was sent; `stale` if nothing was
   * written; `error` for an internal error.
   */
  outcome: PassStep | 'wait' | 'failed' | 'released' | 'stale' | 'error'
}

export type PassStep = 'create' | 'find' | 'get' | 'update' | 'control' | 'settle'

export interface ObservedScan {
  connectionId: string
  provider: string
  kind: Kind
}

export interface ScanResult {
  isComplete: boolean
  /** Number of objects that were read. */
  listed: number
}
