import type { Observation } from '../../providers/provider.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'

/** The payload of an observation, completed with earlier values at the paths that this response omits. */
export function withKept({ payload, omits = [] }: Pick<Observation, 'payload' | 'omits'>, earlier: Json): Json {
  return omits.reduce((kept, path) => keepAt(kept, earlier, path.split('.')), payload())
}

/** A path whose parent is absent is dropped, and a truncated value is left as it is. */
function keepAt(payload: Json, earlier: Json, [step, ...rest]: readonly string[]): Json {
  if (step === undefined || !isObject(payload) || !isObject(earlier) || isCut(payload)) return payload
  const [shown, known] = [payload[step], earlier[step]]
  if (known === undefined) return payload
  if (rest.length > 0 && shown !== undefined) return { ...payload, [step]: keepAt(shown, known, rest) }
  return rest.length > 0 || shown !== undefined ? payload : { ...payload, [step]: known }
}

function isCut({ cut, head }: JsonObject): boolean {
  return cut === true && head !== undefined
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
