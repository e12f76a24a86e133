import type { Json, JsonObject } from '../../vocabulary/json.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Intent } from '../intent.ts'
import { isObject, readList } from '../kit/fields.ts'
import { scanPages } from '../kit/pages.ts'
import type { Found, Observation } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'

/** One page of a list. */
export interface Portion {
  items: readonly JsonObject[]
  /** The start of the next page, in the API's unit; null for the last page. */
  next: number | null
  /** The list reports more objects than it returned. */
  isShort: boolean
}

export interface Scan<K extends Kind> {
  seen: readonly Observation<K>[]
  /** Every page was read, every object was parsed, and filters were applied: absence is then conclusive. */
  isComplete: boolean
}

/** The objects of a list response. A missing list is an error unless the count is zero. */
export function itemsOf(response: Json, key: string, total: number | undefined): readonly JsonObject[] {
  if (total !== 0 && !(isObject(response) && Array.isArray(response[key]))) {
    throw new ProviderError('bad_response', `A list of ModelArts has no ${key}.`)
  }
  return readList(response, key).filter(isObject)
}

const maxPages = 400

/**
 * Reads all pages. `matchesFilter` checks whether an item matches the filter that was sent; one that does not means that
 * the filter was ignored.
 */
export async function scan<K extends Kind>(list: {
  read(start: number): Promise<Portion>
  matchesFilter(item: JsonObject): boolean
  observe(item: JsonObject): Observation<K> | null
}): Promise<Scan<K>> {
  let isShort = false
  const { items, isComplete } = await scanPages<JsonObject, number>({
    maxPages,
    read: async (start) => {
      const portion = await list.read(start ?? 0)
      isShort ||= portion.isShort
      return portion
    },
  })
  const isFilterApplied = items.every((item) => list.matchesFilter(item))
  const seen = items.flatMap((item) => list.observe(item) ?? [])
  return { seen, isComplete: isComplete && isFilterApplied && !isShort && seen.length === items.length }
}

/** The result of a scan for each intent. An object that moved to a later page during the scan counts once. */
export function foundIn<K extends Kind>(
  intents: readonly Intent<K>[],
  { seen, isComplete }: Scan<K>,
): (readonly [string, Found<K>])[] {
  const objects = new Map(seen.map((each) => [each.remoteId, each]))
  const isConclusive = isComplete && seen.every((each) => each.correlationTag !== undefined)
  return intents.map(({ correlationTag }) => {
    const found = [...objects.values()].filter((each) => each.correlationTag === correlationTag)
    if (found.length > 0) return [correlationTag, { found, isComplete: isConclusive }]
    if (isConclusive) return [correlationTag, { absent: true }]
    return [correlationTag, { inconclusive: 'The ModelArts list was incomplete or contained unexpected objects.' }]
  })
}
