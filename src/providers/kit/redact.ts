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

/** Of lists and objects in each other. */
export const maxDepth = 32
const maxTextLength = 4096
const maxWordsLength = 500
/** How far past a cut a text is read, so that a secret which the cut goes through is recognized. */
const lookaheadLength = 1024

/** What a provider's payload is kept as: secrets removed, at most this many bytes of JSON. */
export const maxPayloadBytes = 65_536
/** Characters and values that are read of a payload: more than any of which a part is not cut away anyway. */
const maxPayloadSize = 16 * maxPayloadBytes

/**
 * A copy without secrets: values under names that say so, secrets inside strings (bearer tokens, URL passwords, private
 * keys), and the given literals wherever they stand. Booleans and nulls stay, since `hasToken: true` is no secret. It is
 * cut where it is larger than any payload that is kept whole.
 */
export function redact(value: Json, literals: readonly string[] = []): Json {
  return redactAt(value, redactionOf(literals), 0)
}

/** The same for text. */
export function redactText(text: string, literals: readonly string[] = []): string {
  return withoutSpans(text, secretSpans(text, makeSecretSearch(literals)))
}

/**
 * What a vendor says in a failure, for an error message. `…` marks where it was cut for those who look for other secrets
 * in it.
 */
export function cleanWords(words: string, secrets: readonly string[]): string {
  const clean = headWithout(words, makeSecretSearch(secrets), maxTextLength)
  const isWhole = words.length <= maxTextLength && clean.length <= maxWordsLength
  return isWhole ? clean : `${clean.slice(0, maxWordsLength)}…`
}

/** The beginning of a text. What is behind the cut is looked at too: half a secret is not recognized. */
function headWithout(text: string, search: SecretSearch, maxLength: number): string {
  const read = text.slice(0, maxLength + lookaheadLength)
  return withoutSpans(read, secretSpans(read, search), maxLength)
}

function secretSpans(text: string, search: SecretSearch): Span[] {
  const known = search(text)
  return [...known, ...patternSpans(masked(text, known))]
}

/** `redact`, cut to `maxPayloadBytes`: first long strings, then, with `cut: true` beside it, the whole. */
export function boundedPayload(value: Json, literals: readonly string[] = []): Json {
  const redaction = redactionOf(literals)
  const clean = redactAt(value, redaction, 0)
  const bytes = Buffer.byteLength(JSON.stringify(clean))
  const isWhole = redaction.left > 0
  if (isWhole && bytes <= maxPayloadBytes) return clean
  const shorter = shortenTexts(clean)
  const text = JSON.stringify(shorter)
  if (isWhole && Buffer.byteLength(text) <= maxPayloadBytes) return shorter
  // A character is at most three bytes of UTF-8 per UTF-16 unit, six when JSON escapes it.
  return { cut: true, bytes, head: text.slice(0, Math.floor(maxPayloadBytes / 7)) }
}

/**
 * What a request carried in its headers to prove who sends it, and `known` secrets, in each spelling in which an answer
 * may repeat them. For the words of failures; a vendor's error page has shown whole requests.
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
  /** How much more is read, in characters and values. */
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

/** A string that is longer than a whole payload may be is shortened in any case. */
function redactString(text: string, redaction: Redaction): string {
  const maxLength = text.length <= maxPayloadBytes ? text.length : maxTextLength
  redaction.left -= maxLength
  const clean = headWithout(text, redaction.search, maxLength)
  return maxLength === text.length ? clean : ellipsis(clean, text.length)
}

/** As many of them as there is room for. */
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
