import type { Observation } from '../../providers/observation.ts'
import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'

const maxInt32 = 2_147_483_647
/** Maximum lengths in characters. Records are read and listed often, so provider text is bounded. */
const maxLengths = { rawState: 200, remoteName: 512, identity: 200, message: 1000 }
const maxTasks = 10_000

/**
 * Makes an observation storable: no NUL, no lone surrogates, bounded strings and lists, numbers within column ranges.
 * An odd character must not block a workload.
 */
export function sanitizeObservation<K extends Kind>(seen: Observation<K>): Observation<K> {
  const { exitCode, signal, startedAt, endedAt, payload, ...texts } = seen
  const { rawState, remoteName, identity, message, tasks, ...clean } = cleanJson(
    texts as unknown as Json,
  ) as unknown as Observation<K>
  return {
    ...clean,
    payload: () => cleanJson(payload()),
    rawState: truncate(maxLengths.rawState, rawState),
    ...(remoteName === undefined ? {} : { remoteName: truncate(maxLengths.remoteName, remoteName) }),
    ...(identity === undefined ? {} : { identity: truncate(maxLengths.identity, identity) }),
    ...(message === undefined ? {} : { message: truncate(maxLengths.message, message) }),
    ...(tasks === undefined ? {} : { tasks: tasks.slice(0, maxTasks) }),
    ...(isInt32(exitCode) ? { exitCode } : {}),
    ...(isInt32(signal) ? { signal } : {}),
    ...(isStorableDate(startedAt) ? { startedAt } : {}),
    ...(isStorableDate(endedAt) ? { endedAt } : {}),
  }
}

export function cleanText(text: string): string {
  return text.replaceAll('\0', '').toWellFormed()
}

/** Truncated text ends with `…`. Surrogate pairs are not split. */
function truncate(maxLength: number, text: string): string {
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`.replace(/[\ud800-\udbff]…$/, '…')
}

function cleanJson(value: Json): Json {
  if (typeof value === 'string') return cleanText(value)
  if (Array.isArray(value)) return value.map(cleanJson)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [cleanText(key), item === undefined ? item : cleanJson(item)]),
  )
}

function isInt32(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && Math.abs(value) <= maxInt32
}

/** Postgres and JSON agree on the years 1 to 9999. */
function isStorableDate(value: Date | undefined): value is Date {
  return value !== undefined && value.getTime() > -62_135_596_800_000 && value.getTime() < 253_402_300_800_000
}

/** The payload of an observation, completed with earlier values at the paths that this response omits. */
export function withKept({ payload, omits = [] }: Pick<Observation, 'payload' | 'omits'>, earlier: Json): Json {
  return omits.reduce((kept, path) => keepAt(kept, earlier, path.split('.')), payload())
}

/** A path whose parent is absent is dropped, and a truncated value is left as it is. */
function keepAt(payload: Json, earlier: Json, [step, ...rest]: readonly string[]): Json {
  if (step === undefined || !isObject(payload) || !isObject(earlier) || isTruncated(payload)) return payload
  const [shown, known] = [payload[step], earlier[step]]
  if (known === undefined) return payload
  if (rest.length > 0 && shown !== undefined) return { ...payload, [step]: keepAt(shown, known, rest) }
  return rest.length > 0 || shown !== undefined ? payload : { ...payload, [step]: known }
}

function isTruncated({ cut, head }: JsonObject): boolean {
  return cut === true && head !== undefined
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
