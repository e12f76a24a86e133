import type { Observation } from '../../providers/provider.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'

/** The payload of a sighting, with what an earlier one showed at the places that this answer never has. */
export function withKept({ payload, omits = [] }: Pick<Observation, 'payload' | 'omits'>, earlier: Json): Json {
  return omits.reduce((kept, path) => keepAt(kept, earlier, path.split('.')), payload())
}

/** A place whose surroundings are shown no more is gone with them, and what was cut for its size is left as it is. */
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
