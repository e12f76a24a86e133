import type { Json } from '../../vocabulary/json.ts'
import { isObject, readNumber } from '../kit/fields.ts'
import { ProviderError } from '../provider-error.ts'

/** Asked for per page; no maximum is documented, and fewer may come. */
export const pageSize = 100
const maxPages = 50

export interface ListPage {
  items: readonly Json[]
  /** How many there are in all, where the answer says so. */
  total: number | undefined
}

interface Scan {
  read(start: number): Promise<ListPage>
  /** What tells one item from another. */
  idOf(item: Json): string | undefined
}

/** Items and total of a list's `data`: an array, or an object with one of the names that sibling lists use. */
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
 * Reads a whole list. Complete = as many different items as its total says, or, without a total, a page with nothing
 * new at the end (a service that ignores `start` sends all it has each time). Where the total changed on the way
 * something may have slipped from one page to another unseen, so that is not complete.
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
 * One page by an opaque cursor, for the engine, which keeps nothing between pages: the cursor carries the first id of
 * the page before, by which a service that ignores `start` is recognized.
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
