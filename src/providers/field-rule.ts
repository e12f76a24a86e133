import type { FieldPath } from '../vocabulary/field-paths.ts'
import type { Json } from '../vocabulary/json.ts'

/** How a request field maps to the provider. Data: validated at submit and printed in the documents. */
export interface FieldRule {
  /** The vendor's path: `docker.image`. */
  readonly to: string
  /** A submit without it returns 422. */
  readonly required?: true
  /** The vendor's documented rule for the string, or for each string of a list. */
  readonly pattern?: string
  readonly minLength?: number
  /** The maximum for the client, in characters, without what the driver adds (a correlation tag). */
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  /** The maximum number of items of a list. */
  readonly maxItems?: number
  readonly values?: readonly (string | number | boolean)[]
  /** What the driver sends if the field is absent; filled into the record at submit. */
  readonly default?: Json
  /** `Driver.update` can change it on an existing object. */
  readonly mutable?: true
  /** A remark for the documents and for validation errors. */
  readonly note?: string
}

export type Accepts = { readonly [path in FieldPath]?: FieldRule }

/** A validation error that no field rule expresses. `pointer` is a JSON pointer into the normalized request. */
export interface SpecError {
  pointer: string
  detail: string
}
