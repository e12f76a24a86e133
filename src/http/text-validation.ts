import { ApiError } from '../vocabulary/api-error.ts'

const deepest = 32

/**
 * Rejects values that no table or provider can store: NUL, lone surrogates, numbers beyond the safe integers, JSON
 * nested too deeply. One such value would fail a whole batch with requests of other callers.
 */
export function rejectUnsafeText({ body, query }: { body?: unknown; query?: unknown }): void {
  visit(body, { in: 'body', pointer: '' }, 0)
  visit(query, { in: 'query', pointer: '' }, 0)
}

interface TextLocation {
  in: 'body' | 'query'
  pointer: string
}

function visit(value: unknown, place: TextLocation, depth: number): void {
  if (typeof value === 'string') rejectString(value, place)
  if (typeof value === 'number') rejectNumber(value, place)
  if (value === null || typeof value !== 'object') return
  if (depth >= deepest) throw validationError(place, 'depth', `is nested deeper than ${deepest} levels`)
  for (const [key, item] of Object.entries(value)) {
    rejectString(key, place)
    const step = `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    visit(item, { in: place.in, pointer: place.in === 'query' && depth === 0 ? key : place.pointer + step }, depth + 1)
  }
}

function rejectString(value: string, place: TextLocation): void {
  if (value.includes('\0')) throw validationError(place, 'characters', 'contains a NUL character. Remove it')
  if (!value.isWellFormed())
    throw validationError(place, 'characters', 'contains an unpaired surrogate. Send well-formed Unicode')
}

function rejectNumber(value: number, place: TextLocation): void {
  if (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return
  throw validationError(
    place,
    'range',
    'is a number outside the range that JSON supports exactly. Use a value within ±9007199254740991',
  )
}

function validationError(place: TextLocation, code: string, what: string): ApiError {
  const detail = `${place.pointer === '' ? `The ${place.in}` : place.pointer} ${what}.`
  return new ApiError('invalid_request', detail, { errors: [{ ...place, code, detail }] })
}
