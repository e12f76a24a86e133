import { createHash } from 'node:crypto'
import { ApiError, type ValidationError } from '../vocabulary/api-error.ts'

/** List that a cursor is bound to. */
export interface List {
  /** Path of the list, such as `jobs`. */
  name: string
  filters: object
  /** Where the cursor was sent; absent = in the query. */
  cursorIn?: Pick<ValidationError, 'in' | 'pointer'>
}

/** Encodes the end of a page. Opaque to clients and valid only for the same list with the same filters. */
export function encodeCursor(position: object, list: List): string {
  return Buffer.from(JSON.stringify([digest(list), position])).toString('base64url')
}

/**
 * Position at the end of the previous page; null on the first page.
 *
 * @throws ApiError if the text is not a cursor, or belongs to another list or other filters
 */
export function positionIn<P extends object>(cursor: string | undefined, list: List): P | null {
  if (cursor === undefined) return null
  const [boundTo, position] = parse(cursor, list.cursorIn)
  if (boundTo !== digest(list))
    throw invalid(
      'belongs to a different list or filters. Send the filters of the first page, or start again without a cursor',
      list.cursorIn,
    )
  return position as P
}

/** As `positionIn`, for a list whose entries are numbered from 1 and use the number as id. */
export function numberIn(cursor: string | undefined, list: List): number | null {
  const position = positionIn<{ id: string }>(cursor, list)
  if (position === null) return null
  if (!/^\d{1,9}$/.test(position.id)) throw invalidCursor()
  return Number(position.id)
}

/** Returns a page. Pass one record more than `limit` if there is one: it indicates a next page. */
export function pageResponse<R extends { id: string }>(
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

function parse(cursor: string, cursorIn: List['cursorIn']): [string, object] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(value) && typeof value[0] === 'string' && isPosition(value[1])) return [value[0], value[1]]
  } catch {
    // Falls through to the error for invalid cursors.
  }
  throw invalidCursor(cursorIn)
}

/** Error for a text that is not a cursor. */
export function invalidCursor(cursorIn?: List['cursorIn']): ApiError {
  return invalid('is invalid. Start again without a cursor', cursorIn)
}

/** Whether all values are valid as query parameters, as in every cursor that is issued. */
function isPosition(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || !('id' in value)) return false
  return Object.values(value).every((part) => typeof part === 'string' && !part.includes('\0') && part.isWellFormed())
}

/** Digest of a list; independent of the order of the filters. */
function digest({ name, filters }: List): string {
  return createHash('sha256')
    .update(JSON.stringify([name, Object.entries(filters).toSorted(([a], [b]) => (a < b ? -1 : 1))]))
    .digest('base64url')
    .slice(0, 12)
}

function invalid(what: string, cursorIn: List['cursorIn'] = { in: 'query', pointer: 'cursor' }): ApiError {
  const detail = `${cursorIn.pointer} ${what}.`
  return new ApiError('invalid_request', detail, { errors: [{ ...cursorIn, code: 'cursor', detail }] })
}
