import { Refusal } from '../vocabulary/refusal.ts'

const deepest = 32

/**
 * Refuses what no table or provider can hold: NUL, lone surrogates, numbers beyond the safe integers, JSON nested too
 * deep. One such value would fail a whole batch of other people's requests.
 */
export function refuseUnsafeText(body: unknown): void {
  visit(body, '', 0)
}

function visit(value: unknown, pointer: string, depth: number): void {
  if (typeof value === 'string') refuseString(value, pointer)
  if (typeof value === 'number') refuseNumber(value, pointer)
  if (value === null || typeof value !== 'object') return
  if (depth >= deepest) throw fault(pointer, 'depth', `is nested deeper than ${deepest} levels`)
  for (const [key, item] of Object.entries(value)) {
    const at = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
    refuseString(key, pointer)
    visit(item, at, depth + 1)
  }
}

function refuseString(value: string, pointer: string): void {
  if (value.includes('\0')) throw fault(pointer, 'characters', 'contains a NUL character. Remove it')
  if (!value.isWellFormed())
    throw fault(pointer, 'characters', 'contains half of a surrogate pair. Send well-formed Unicode')
}

function refuseNumber(value: number, pointer: string): void {
  if (!Number.isFinite(value) || Math.abs(value) > Number.MAX_SAFE_INTEGER) {
    throw fault(pointer, 'range', 'is a number that JSON readers do not agree on. Keep within ±9007199254740991')
  }
}

function fault(pointer: string, code: string, what: string): Refusal {
  const detail = `${pointer === '' ? 'The body' : pointer} ${what}.`
  return new Refusal('invalid_request', detail, { errors: [{ in: 'body', pointer, code, detail }] })
}
