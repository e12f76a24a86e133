import type { Kind } from '../../vocabulary/kinds.ts'
import type { Observation } from '../provider.ts'

/** An item of a list, which leaves out parts of what the details show. */
export function asListed<K extends Kind>(seen: Observation<K> | null, omits: readonly string[]): Observation<K> | null {
  return seen === null ? null : { ...seen, omits }
}
