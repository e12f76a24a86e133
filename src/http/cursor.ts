import { createHash } from 'node:crypto'
import { ApiError } from '../vocabulary/api-error.ts'

/** What a cursor is bound to. */
export interface List {
  /** Its path, such as `jobs`. */
  name: string
  filters: object
}

/** Where a page ended. Opaque to clients, and good only for the list it was made for, with the same filters. */
export function encodeCursor(position: object, list: List): string {
  return Buffer.from(JSON.stringify([digest(list), position])).toString('base64url')
}

/**
 * Where the page before ended; null on the first page.
 *
 * @throws ApiError when the text is no cursor, or was made for another list or with other filters.
 */
export function positionIn<P extends object>(cursor: string | undefined, list: List): P | null {
  if (cursor === undefined) return null
  const [madeFor, position] = parse(cursor)
  if (madeFor !== digest(list))
    throw invalid(
      'belongs to a different list or filters. Send the filters of the first page, or start again without a cursor',
    )
  return position as P
}

/** The same in a list whose entries are numbered from 1, with the number for their id. */
export function numberIn(cursor: string | undefined, list: List): number | null {
  const position = positionIn<{ id: string }>(cursor, list)
  if (position === null) return null
  if (!/^\d{1,9}$/.test(position.id)) throw notOurs()
  return Number(position.id)
}

/** A page of what was found, of which one more than `limit` was asked for: whether there is a next page shows by it. */
export function pageAnswer<R extends { id: string }>(
  found: readonly R[],
  { limit, list, view }: { limit: number; list: List; view(record: R): object },
): { data: object[]; nextCursor?: string } {
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const data = page.map(view)
  return found.length > limit && last !== undefined
    ? { data, nextCursor: encodeCursor({ id: last.id }, list) }
    : { data }
}

function parse(cursor: string): [string, object] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(value) && typeof value[0] === 'string' && isPosition(value[1])) return [value[0], value[1]]
  } catch {
    // Falls through: whatever is wrong with it, it is not one of ours.
  }
  throw notOurs()
}

/** What is wrong with a text that only looks like a cursor. */
export function notOurs(): ApiError {
  return invalid('is invalid. Start again without a cursor')
}

/** Text that a query can carry, as ours always is. */
function isPosition(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || !('id' in value)) return false
  return Object.values(value).every((part) => typeof part === 'string' && !part.includes('\0') && part.isWellFormed())
}

/** The order in which the filters stand in the query does not count. */
function digest({ name, filters }: List): string {
  return createHash('sha256')
    .update(JSON.stringify([name, Object.entries(filters).toSorted(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('base64url')
    .slice(0, 12)
}

function invalid(what: string): ApiError {
  const detail = `cursor ${what}.`
  return new ApiError('invalid_request', detail, {
    errors: [{ in: 'query', pointer: 'cursor', code: 'cursor', detail }],
  })
}
