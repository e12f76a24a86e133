import { createHash } from 'node:crypto'
import { Refusal } from '../vocabulary/refusal.ts'

/** Where a page ended. Opaque to clients, and good only with the filters it was made with. */
export function encodeCursor(position: object, filters: object): string {
  return Buffer.from(JSON.stringify([digest(filters), position])).toString('base64url')
}

/** @throws Refusal when the text is no cursor, or was made with other filters. */
export function decodeCursor<P extends object>(cursor: string, filters: object): P {
  const [madeWith, position] = parse(cursor)
  if (madeWith !== digest(filters))
    throw invalid(
      'belongs to a list with other filters. Repeat the filters of the first page, or begin again without cursor',
    )
  return position as P
}

/** Where the page before ended; null on the first page. */
export function positionIn<P extends object>(cursor: string | undefined, filters: object): P | null {
  return cursor === undefined ? null : decodeCursor<P>(cursor, filters)
}

/** A page of what was found, of which one more than `limit` was asked for: whether there is a next page shows by it. */
export function pageAnswer<R extends { id: string }>(
  found: readonly R[],
  { limit, filters, view }: { limit: number; filters: object; view(record: R): object },
): { data: object[]; nextCursor?: string } {
  const page = found.slice(0, limit)
  const last = page.at(-1)
  const data = page.map(view)
  return found.length > limit && last !== undefined
    ? { data, nextCursor: encodeCursor({ id: last.id }, filters) }
    : { data }
}

function parse(cursor: string): [string, object] {
  try {
    const value: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    if (Array.isArray(value) && typeof value[0] === 'string' && isPosition(value[1])) return [value[0], value[1]]
  } catch {
    // Falls through: whatever is wrong with it, it is not one of ours.
  }
  throw invalid('is not one that this service gave out. Begin again without cursor')
}

/** Text that a query can carry, as ours always is. */
function isPosition(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || !('id' in value)) return false
  return Object.values(value).every((part) => typeof part === 'string' && !part.includes('\0') && part.isWellFormed())
}

/** The order in which the filters stand in the query does not count. */
function digest(filters: object): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(filters).toSorted(([a], [b]) => (a < b ? -1 : 1))))
    .digest('base64url')
    .slice(0, 12)
}

function invalid(what: string): Refusal {
  const detail = `cursor ${what}.`
  return new Refusal('invalid_request', detail, {
    errors: [{ in: 'query', pointer: 'cursor', code: 'cursor', detail }],
  })
}
