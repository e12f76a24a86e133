import { yieldToOthers } from '../infra/fair-yield.ts'
import { ApiError } from '../vocabulary/api-error.ts'
import { pointerStep } from '../vocabulary/json.ts'

const maxDepth = 32

/** Values that are checked before other requests are served. */
const valuesPerBatch = 20_000

/**
 * Rejects values that no table or provider can store: NUL, lone surrogates, numbers beyond the safe integers, JSON
 * nested too deeply. One such value would fail a whole batch with requests of other callers.
 */
export async function rejectUnsafeText({ body, query }: { body?: unknown; query?: unknown }): Promise<void> {
  await check(body, 'body')
  await check(query, 'query')
}

type Part = 'body' | 'query'

interface Fault {
  code: string
  what: string
}

/** An object or list whose members are being checked, and the place of the current one. */
interface Open {
  members: Readonly<Record<string | number, unknown>>
  /** Null: a list. */
  keys: readonly string[] | null
  count: number
  at: number
}

/** Without recursion, so that it can pause anywhere. Pointers are built only for a fault: most values have none. */
async function check(root: unknown, part: Part): Promise<void> {
  const open: Open[] = []
  let value = root
  for (let checked = 1; ; checked += 1) {
    enter(value, open, part)
    const within = nextMember(open)
    if (within === undefined) return
    value = within.members[within.keys?.[within.at] ?? within.at]
    if (checked % valuesPerBatch === 0) await yieldToOthers()
  }
}

/** Checks the value at the current place and, if it has members, their keys; opens it. */
function enter(value: unknown, open: Open[], part: Part): void {
  const keys = value === null || typeof value !== 'object' || Array.isArray(value) ? null : Object.keys(value)
  const fault = faultOfValue(value, open.length) ?? faultOfKeys(keys ?? [])
  if (fault !== null) throw validationError(part, open, fault)
  if (value === null || typeof value !== 'object') return
  const count = Array.isArray(value) ? value.length : (keys ?? []).length
  open.push({ members: value as Open['members'], keys, count, at: -1 })
}

function faultOfKeys(keys: readonly string[]): Fault | null {
  for (const key of keys) {
    const fault = faultOfText(key)
    if (fault !== null) return fault
  }
  return null
}

/** Advances to the next member, after closing what has no more; undefined = all are checked. */
function nextMember(open: Open[]): Open | undefined {
  for (let within = open.at(-1); within !== undefined; within = open.at(-1)) {
    within.at += 1
    if (within.at < within.count) return within
    open.pop()
  }
  return undefined
}

function faultOfValue(value: unknown, depth: number): Fault | null {
  if (typeof value === 'string') return faultOfText(value)
  if (typeof value === 'number') return faultOfNumber(value)
  if (value === null || typeof value !== 'object' || depth < maxDepth) return null
  return { code: 'depth', what: `is nested deeper than ${maxDepth} levels` }
}

function faultOfText(value: string): Fault | null {
  if (value.includes('\0')) return { code: 'characters', what: 'contains a NUL character. Remove it' }
  if (value.isWellFormed()) return null
  return { code: 'characters', what: 'contains an unpaired surrogate. Send well-formed Unicode' }
}

function faultOfNumber(value: number): Fault | null {
  if (Number.isFinite(value) && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return null
  const what = 'is a number outside the range that JSON supports exactly. Use a value within ±9007199254740991'
  return { code: 'range', what }
}

function validationError(part: Part, open: readonly Open[], { code, what }: Fault): ApiError {
  const [first, ...others] = open.map(({ keys, at }) => keys?.[at] ?? String(at))
  // A query parameter is identified by its name.
  const root = first === undefined || part === 'query' ? (first ?? '') : pointerStep(first)
  const pointer = root + others.map(pointerStep).join('')
  const detail = `${pointer === '' ? `The ${part}` : pointer} ${what}.`
  return new ApiError('invalid_request', detail, { errors: [{ in: part, pointer, code, detail }] })
}
