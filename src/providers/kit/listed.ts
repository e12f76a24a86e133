import type { Json } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Observation } from '../observation.ts'
import { isObject } from './fields.ts'

/** Marks an observation as a list item, which omits parts of the details. */
export function asListed<K extends Kind>(seen: Observation<K> | null, omits: readonly string[]): Observation<K> | null {
  return seen === null ? null : { ...seen, omits }
}

/** The detail fields that this item lacks, for lists whose omissions are not documented. */
export function missingIn(item: Json, detailFields: readonly string[]): string[] {
  return isObject(item) ? detailFields.filter((name) => !(name in item)) : []
}
