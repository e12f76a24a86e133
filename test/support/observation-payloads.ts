import type { Observation } from '../../src/providers/observation.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'

/** An observation with its payload evaluated, for comparison and search. */
export function withPayload<K extends Kind>(seen: Observation<K> | 'gone') {
  return seen === 'gone' ? seen : { ...seen, payload: seen.payload() }
}

/** Serializes a value, with the payloads of its observations. */
export function textOf(value: unknown): string {
  return JSON.stringify(value, (key, item) => (key === 'payload' && typeof item === 'function' ? item() : item))
}
