import type { Json } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Observation } from '../provider.ts'
import { isObject } from './fields.ts'

/** An item of a list, which leaves out parts of what the details show. */
export function asListed<K extends Kind>(seen: Observation<K> | null, omits: readonly string[]): Observation<K> | null {
  return seen === null ? null : { ...seen, omits }
}

/** Those fields of the details that this item does not show, where no document says which a list leaves out. */
export function missingIn(item: Json, detailFields: readonly string[]): string[] {
  return isObject(item) ? detailFields.filter((name) => !(name in item)) : []
}
