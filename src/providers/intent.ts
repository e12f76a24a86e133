import type { Json } from '../vocabulary/json.ts'
import type { Kind, Spec } from '../vocabulary/kinds.ts'
import type { Observation } from './observation.ts'
import type { SendBy } from './session.ts'

/** One attempt to create, committed before the call. All attempts of one workload have the same correlation tag. */
export interface Intent<K extends Kind = Kind> {
  /** `[a-z][a-z0-9]*` with `Driver.tagLength` characters. Stored in the remote object, so that it can be found. */
  correlationTag: string
  spec: Spec<K>
  environmentRemoteId: string | null
  /** The result of `prepare`. */
  before: Json
  /** Nothing may be sent after this moment. The HTTP client enforces it on both clocks. */
  sendBy: SendBy
  /** When the first attempt may have been sent: the start of a scan of a history. */
  firstSentAt: Date
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
  /** Null if the provider accepted the create without returning an id; the engine then finds it by correlation tag. */
  remoteId: string | null
  /** The observation in the response, if it shows the state. */
  seen?: Observation<K>
  /**
   * The parts of the request that the provider reports as ignored, although it created the object. This is a defect of
   * the driver, which must send only fields that the provider supports; the engine reports it.
   */
  ignored?: readonly string[]
}
