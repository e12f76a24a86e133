import type { Observation } from '../../src/providers/observation.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'

/** An observation with its payload as it is now, to be compared or searched as a whole. */
export function shown<K extends Kind>(seen: Observation<K> | 'gone') {
  return seen === 'gone' ? seen : { ...seen, payload: seen.payload() }
}

/** All that observations in a value say, as one text, payloads among it. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (key, item) => (key === 'payload' && typeof item === 'function' ? item() : item))
}
