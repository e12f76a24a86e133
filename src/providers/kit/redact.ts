import type { Json } from '../../vocabulary/json.ts'
import { isSecretName } from '../../vocabulary/secret-names.ts'
import {
  hidden,
  makeSecretSearch,
  masked,
  minSecretLength,
  type SecretSearch,
  type Span,
  withoutSpans,
} from '../secret-search.ts'
import { patternSpans } from './secret-patterns.ts'

/** Maximum nesting of lists and objects. */
export const maxDepth = 32
const maxTextLength = 4096
const maxMessageLength = 500
/** How far past a cut a text is read, to recognize a secret that crosses the cut. */
const lookaheadLength = 1024

/** The maximum size of a stored payload, in bytes of JSON. */
export const maxPayloadBytes = 65_536
/** The number of characters and values that are read of a payload: more than a stored payload can contain. */
const maxPayloadSize = 16 * maxPayloadBytes

/**
 * A copy without secrets: values whose names indicate a secret, secrets inside strings (bearer tokens, URL passwords,
 * private keys), and the given literals anywhere. Booleans and nulls are kept, since `hasToken: true` is not a secret.
 * Truncated if larger than `maxPayloadSize`, which exceeds any payload that is stored untruncated.
 */
export function redact(value: Json, literals: readonly string[] = []): Json {
  return redactAt(value, redactionOf(literals), 0)
}

/** Removes secrets from a text. */
export function redactText(text: string, literals: readonly string[] = []): string {
  return withoutSpans(text, secretSpans(text, makeSecretSearch(literals)))
}

/** A vendor's message for use in an error. `…` marks a truncation for later searches for secrets. */
export function cleanMessage(message: string, secrets: readonly string[]): string {
  const clean = headWithout(message, makeSecretSearch(secrets), maxTextLength)
  const isComplete = message.length <= maxTextLength && clean.length <= maxMessageLength
  return isComplete ? clean : `${clean.slice(0, maxMessageLength)}…`
}

/** The beginning of a text. Text behind the cut is also searched, because half a secret is not recognized. */
function headWithout(text: string, search: SecretSearch, maxLength: number): string {
  const read = text.slice(0, maxLength + lookaheadLength)
  return withoutSpans(read, secretSpans(read, search), maxLength)
}

function secretSpans(text: string, search: SecretSearch): Span[] {
  const known = search(text)
  return [...known, ...patternSpans(masked(text, known))]
}

/**
 * `redact`, limited to `maxPayloadBytes`: long strings are truncated first, then the payload, which is marked with
 * `cut: true`.
 */
export function boundedPayload(value: Json, literals: readonly string[] = []): Json {
  const redaction = redactionOf(literals)
  const clean = redactAt(value, redaction, 0)
  const bytes = Buffer.byteLength(JSON.stringify(clean))
  const isComplete = redaction.left > 0
  if (isComplete && bytes <= maxPayloadBytes) return clean
  const shorter = shortenTexts(clean)
  const text = JSON.stringify(shorter)
  if (isComplete && Buffer.byteLength(text) <= maxPayloadBytes) return shorter
  // A UTF-16 unit is at most three bytes of UTF-8, or six if JSON escapes it.
  return { cut: true, bytes, head: text.slice(0, Math.floor(maxPayloadBytes / 7)) }
}

/**
 * The authentication headers of a request and the `known` secrets, in every form in which a response may repeat them.
 * Error pages of vendors may repeat the request.
 */
export function sentSecrets(headers: Readonly<Record<string, string>>, known: readonly string[] = []): string[] {
  const proofs = Object.entries(headers).flatMap(([name, value]) =>
    isSecretName(name) ? [value, ...partsOf(value)] : [],
  )
  const all = [...proofs, ...known].filter((each) => each.length >= minSecretLength)
  return [...new Set(all.flatMap(spellingsOf))]
}

/** `Bearer <token>`, `ALGORITHM Access=<key>, …, Signature=<signature>`. */
function partsOf(header: string): string[] {
  const named = [...header.matchAll(/\b(?:access|credential|signature)=([^\s,]+)/gi)].flatMap(([, part]) => part ?? [])
  const [, token] = /^(?:bearer|basic|token) +(\S+)$/i.exec(header) ?? []
  return token === undefined ? named : [...named, token]
}

function spellingsOf(secret: string): string[] {
  const inJson = JSON.stringify(secret).slice(1, -1)
  return [secret, inJson, inJson.replaceAll('/', '\\/'), encodeURIComponent(secret)]
}

interface Redaction {
  search: SecretSearch
  /** The remaining budget, in characters and values. */
  left: number
}

function redactionOf(literals: readonly string[]): Redaction {
  return { search: makeSecretSearch(literals), left: maxPayloadSize }
}

function redactAt(value: Json, redaction: Redaction, depth: number): Json {
  redaction.left -= 1
  if (typeof value === 'string') return redactString(value, redaction)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return '[cut: nested too deep]'
  if (isList(value)) return listOf(value, redaction, (item) => redactAt(item, redaction, depth + 1))
  const entries = listOf(Object.entries(value), redaction, ([key, item]) => {
    redaction.left -= key.length
    const isSecret = isSecretName(key) && typeof item !== 'boolean' && item !== null
    return [key, isSecret ? hidden : redactAt(item, redaction, depth + 1)] as const
  })
  return Object.fromEntries(entries)
}

/** Shortens a string that is longer than a payload may be. */
function redactString(text: string, redaction: Redaction): string {
  const maxLength = text.length <= maxPayloadBytes ? text.length : maxTextLength
  redaction.left -= maxLength
  const clean = headWithout(text, redaction.search, maxLength)
  return maxLength === text.length ? clean : ellipsis(clean, text.length)
}

/** Maps as many items as the budget allows. */
function listOf<T, M>(items: readonly T[], redaction: Redaction, map: (item: T) => M): M[] {
  const mapped: M[] = []
  for (const item of items) {
    if (redaction.left <= 0) break
    mapped.push(map(item))
  }
  return mapped
}

function shortenTexts(value: Json): Json {
  if (typeof value === 'string') {
    return value.length <= maxTextLength ? value : ellipsis(value.slice(0, maxTextLength), value.length)
  }
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map(shortenTexts) : mapValues(value, (_key, item) => shortenTexts(item))
}

function ellipsis(head: string, length: number): string {
  return `${head}… [cut, ${length} characters]`
}

function mapValues(value: { readonly [key: string]: Json }, map: (key: string, item: Json) => Json): Json {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(key, item)]))
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
