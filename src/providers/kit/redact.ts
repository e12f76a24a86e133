import type { Json } from '../../vocabulary/json.ts'

const secretKey =
  /passw(or)?d|passphrase|pwd$|secret|token$|credential|authori[sz]ation|signature|cookie|(access|api|private|secret)[-_]?key|key[-_]?pair$|^(ak|sk)$/i
const secretsInText: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, '[redacted]'],
  [/\b(Bearer|Basic|token) +[A-Za-z0-9._~+/=-]{8,}/gi, '$1 [redacted]'],
  [/([?&](?:[a-z_-]*token|signature|sig|password|access_?key|secret)=)[^&#\s"']+/gi, '$1[redacted]'],
  [/("[\w-]*(?:password|secret|token|signature|credential)[\w-]*" ?: ?")(?:[^"\\]|\\.)+/gi, '$1[redacted]'],
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+@/gi, '$1[redacted]@'],
]
/** What every one of those holds. Most strings of a list of thousands hold none, and one test is cheaper than four. */
const mayHoldSecret = /[?&@ "]|-----BEGIN/
const redacted = '[redacted]'
/** A shorter text stands in too many others. */
const minLiteralLength = 4
const maxDepth = 32
const maxTextLength = 4096
const maxWordsLength = 500

/** What a provider's payload is kept as: secrets removed, at most this many bytes of JSON. */
export const maxPayloadBytes = 65_536

/**
 * A copy without secrets: values under names that say so, secrets inside strings (bearer tokens, URL passwords, private
 * keys), and the given literals wherever they stand. Booleans and nulls stay, since `hasToken: true` is no secret.
 */
export function redact(value: Json, literals: readonly string[] = []): Json {
  return redactAt(value, literals, 0)
}

/** The same for text. */
export function redactText(text: string, literals: readonly string[] = []): string {
  let clean = withoutLiterals(text, literals)
  if (clean.length < 8 || !mayHoldSecret.test(clean)) return clean
  for (const [pattern, replacement] of secretsInText) clean = clean.replace(pattern, replacement)
  return clean
}

/**
 * What a vendor says in a failure, for an error message. Cleaned before it is cut, since half a secret is not recognized;
 * `…` marks the cut for those who look for other secrets in it.
 */
export function cleanWords(words: string, secrets: readonly string[]): string {
  const clean = redactText(withoutLiterals(words, secrets).slice(0, maxTextLength))
  return clean.length <= maxWordsLength ? clean : `${clean.slice(0, maxWordsLength)}…`
}

/** `redact`, cut to `maxPayloadBytes`: first long strings, then, with `cut: true` beside it, the whole. */
export function boundedPayload(value: Json, literals: readonly string[] = []): Json {
  const clean = redact(value, literals)
  const bytes = Buffer.byteLength(JSON.stringify(clean))
  if (bytes <= maxPayloadBytes) return clean
  const shorter = shortenTexts(clean)
  const text = JSON.stringify(shorter)
  if (Buffer.byteLength(text) <= maxPayloadBytes) return shorter
  // A character is at most three bytes of UTF-8 per UTF-16 unit, six when JSON escapes it.
  return { cut: true, bytes, head: text.slice(0, Math.floor(maxPayloadBytes / 7)) }
}

/**
 * What a request carried in its headers to prove who sends it, and `known` secrets, in each spelling in which an answer
 * may repeat them. For the words of failures; a vendor's error page has shown whole requests.
 */
export function sentSecrets(headers: Readonly<Record<string, string>>, known: readonly string[] = []): string[] {
  const proofs = Object.entries(headers).flatMap(([name, value]) =>
    secretKey.test(name) ? [value, ...partsOf(value)] : [],
  )
  const all = [...proofs, ...known].filter((each) => each.length >= minLiteralLength)
  // The longest first: a part must not be cut out of a whole whose rest then stays.
  return [...new Set(all.flatMap(spellingsOf))].sort((a, b) => b.length - a.length)
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

function withoutLiterals(text: string, literals: readonly string[]): string {
  let clean = text
  for (const literal of literals) if (literal.length >= minLiteralLength) clean = clean.replaceAll(literal, redacted)
  return clean
}

function redactAt(value: Json, literals: readonly string[], depth: number): Json {
  if (typeof value === 'string') return redactText(value, literals)
  if (typeof value !== 'object' || value === null) return value
  if (depth >= maxDepth) return '[cut: nested too deep]'
  if (isList(value)) return value.map((item) => redactAt(item, literals, depth + 1))
  return mapValues(value, (key, item) =>
    secretKey.test(key) && typeof item !== 'boolean' && item !== null ? redacted : redactAt(item, literals, depth + 1),
  )
}

function shortenTexts(value: Json): Json {
  if (typeof value === 'string') {
    return value.length <= maxTextLength ? value : `${value.slice(0, maxTextLength)}… [cut, ${value.length} characters]`
  }
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map(shortenTexts) : mapValues(value, (_key, item) => shortenTexts(item))
}

function mapValues(value: { readonly [key: string]: Json }, map: (key: string, item: Json) => Json): Json {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, map(key, item)]))
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value)
}
