import type { Json } from '../../vocabulary/json.ts'
import type { HttpResponse } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { redactText } from './redact.ts'

type Reviver = (key: string, value: unknown, context: { source?: string }) => unknown

/** Integers that a double cannot hold are kept as their digits: a vendor's id must not lose its end. */
const keepDigits: Reviver = (_key, value, { source }) =>
  typeof value === 'number' && source !== undefined && /^-?\d{16,}$/.test(source) && !Number.isSafeInteger(value)
    ? source
    : value

/** JSON, or `undefined` where the text is none. */
export function tryParseJson(text: string): Json | undefined {
  try {
    return /\d{16}/.test(text)
      ? JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
      : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The body as JSON; rejects HTML, truncated and empty bodies as `bad_response` with the first words of it. */
export function parseBody(response: HttpResponse): Json {
  const body = tryParseJson(response.text)
  if (body !== undefined) return body
  throw new ProviderError(
    'bad_response',
    `HTTP ${response.status} with a body that is not JSON: ${excerpt(response.text)}`,
    {
      httpStatus: response.status,
    },
  )
}

/** The first words of a text, on one line, secrets removed, for an error message. */
export function excerpt(text: string, maxLength = 160): string {
  const line = redactText(text.slice(0, 4 * maxLength))
    .replace(/\s+/g, ' ')
    .trim()
  if (line === '') return '(empty)'
  return line.length <= maxLength ? `"${line}"` : `"${line.slice(0, maxLength)}…"`
}
