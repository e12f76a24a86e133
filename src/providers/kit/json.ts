import type { Json } from '../../vocabulary/json.ts'
import { ProviderError } from '../provider-error.ts'
import type { HttpResponse } from '../session.ts'
import { cleanMessage } from './redact.ts'

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

/** Integers beyond double precision are kept as strings, so that ids stay exact. */
const keepDigits: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && /^-?\d{16,}$/.test(source) && !Number.isSafeInteger(value)
    ? source
    : value

/** The parsed JSON, or `undefined` if the text is not JSON. */
export function tryParseJson(text: string): Json | undefined {
  try {
    // Reviving each value takes several times as long, so it is done only if there may be such a number.
    return hasLongDigits(text) && /(?:^|[[:,])\s*-?\d{16}/.test(text)
      ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
      : JSON.parse(text)
  } catch {
    return undefined
  }
}

const longDigits = 16

/**
 * Whether the text contains 16 digits in a row. Such a run covers one of every 16 positions, so only those are checked.
 */
function hasLongDigits(text: string): boolean {
  for (let at = longDigits - 1; at < text.length; at += longDigits) {
    if (!isDigit(text, at)) continue
    let from = at
    let to = at + 1
    while (at - from < longDigits && isDigit(text, from - 1)) from -= 1
    while (to - from < longDigits && isDigit(text, to)) to += 1
    if (to - from >= longDigits) return true
  }
  return false
}

/** Beyond the end of the text `charCodeAt` returns NaN. */
function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at)
  return code >= 48 && code <= 57
}

const bodies = new WeakMap<HttpResponse, Json | undefined>()

/** The body as JSON, or `undefined` if it is not JSON. Cached per response because a list page is long. */
export function jsonOf(response: HttpResponse): Json | undefined {
  if (!bodies.has(response)) bodies.set(response, tryParseJson(response.text))
  return bodies.get(response)
}

/** The body as JSON. Throws `bad_response` with an excerpt for HTML, truncated and empty bodies. */
export function parseBody(response: HttpResponse, secrets: readonly string[] = []): Json {
  const body = jsonOf(response)
  if (body !== undefined) return body
  throw new ProviderError(
    'bad_response',
    `HTTP ${response.status} with a body that is not JSON: ${messageOf(response.text, secrets)}`,
    { httpStatus: response.status },
  )
}

/** A malformed list is not quoted because it may contain secrets of other objects. */
function messageOf(text: string, secrets: readonly string[]): string {
  return /^\s*[[{]/.test(text) ? `it is truncated (${text.length} characters)` : excerpt(text, secrets)
}

const maxExcerptLength = 160

/** The beginning of a text on one line, secrets removed, for an error message. */
export function excerpt(text: string, secrets: readonly string[] = []): string {
  const line = cleanMessage(text, secrets).replace(/\s+/g, ' ').trim()
  if (line === '') return '(empty)'
  return line.length <= maxExcerptLength ? `"${line}"` : `"${line.slice(0, maxExcerptLength)}…"`
}
