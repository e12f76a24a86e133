import type { Json } from '../../vocabulary/json.ts'
import { isObject, readNumber } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'

/** Requested items per page; no maximum is documented, and fewer may be returned. */
export const pageSize = 100
const maxPages = 50

export interface ListPage {
  items: readonly Json[]
  /** The total number of items, if the response contains it. */
  total: number | undefined
}

interface Scan {
  read(start: number): Promise<ListPage>
  /** The identity of an item. */
  idOf(item: Json): string | undefined
}

/** Items and total of a list's `data`: an array, or an object with one of the keys that similar lists use. */
export function pageOf(data: Json): ListPage {
  if (Array.isArray(data)) return { items: data, total: undefined }
  if (isObject(data)) {
    const total = readNumber(data, 'total')
    const items = ['list', 'records', 'items', 'rows'].map((name) => data[name]).find((each) => Array.isArray(each))
    if (Array.isArray(items)) return { items, total }
    if (total === 0) return { items: [], total }
  }
  throw new ProviderError('bad_response', 'SCNet returned a list in an unknown form: no list, records, items or rows.')
}

/**
 * Reads all pages of a list. It is complete if the number of distinct items equals the total or, without a total, if the last
 * page has nothing new (a service that ignores `start` returns everything each time). If the total changes meanwhile,
 * an item may have moved between pages unseen, so the list is incomplete.
 */
export async function scanList({ read, idOf }: Scan): Promise<{ items: Json[]; isComplete: boolean }> {
  const items = new Map<string, Json>()
  const totals = new Set<number | undefined>()
  const end = (isComplete: boolean) => ({ items: [...items.values()], isComplete: isComplete && totals.size === 1 })
  let start = 0
  for (let page = 0; page < maxPages; page++) {
    const { items: more, total } = await read(start)
    const known = items.size
    totals.add(total)
    for (const item of more) items.set(idOf(item) ?? `?${items.size}`, item)
    if (total !== undefined && items.size >= total) return end(true)
    if (items.size === known) return end(total === undefined)
    start += more.length
  }
  return end(false)
}

/**
 * One page by an opaque cursor. The engine keeps nothing between pages, so the cursor contains the first id of the
 * previous page, which reveals a service that ignores `start`.
 */
export async function readPage(
  scan: Scan,
  cursor: string | null,
): Promise<{ items: readonly Json[]; next: string | null }> {
  const [from = '0', ...rest] = (cursor ?? '0').split(':')
  const start = Number(from)
  const { items, total } = await scan.read(start)
  const firstId = (items[0] === undefined ? undefined : scan.idOf(items[0])) ?? ''
  const isRepeated = start > 0 && firstId === rest.join(':')
  const end = start + items.length
  if (total !== undefined && end < total && (items.length === 0 || isRepeated)) {
    throw new ProviderError('bad_response', `SCNet's list ended after ${start} of ${total} items.`)
  }
  if (items.length === 0 || isRepeated) return { items: [], next: null }
  return { items, next: total !== undefined && end >= total ? null : `${end}:${firstId}` }
}
