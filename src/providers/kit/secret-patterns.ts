import { masked, type Span } from '../secret-search.ts'

/**
 * Patterns of secrets in general. The first group of each pattern is kept and the second is the secret. No pattern
 * scans a character more than a few times, and none repeats a group, which would overflow the stack of V8's regular
 * expressions on millions of characters.
 */
const bearer = /\b((?:Bearer|Basic|token) +)([A-Za-z0-9._~+/=-]{8,})/gi
const inQuery = /([?&](?:[a-z_-]*token|signature|sig|password|access_?key|secret)=)([^&#\s"']+)/gi
const inUrl = /(:\/\/[^\s/:@]*:)([^\s/]+)@/g
const jwt = /()(eyJ[\w-]+(?:\.[\w-]*){0,2})/g

/** A JSON name up to the opening quote of its value, matched from every quote because names may overlap. */
const jsonName = /"(?=(([\w-]+)" ?: ?"))/g
const secretName = /password|secret|token|signature|credential/i
const keyBegin = /-----BEGIN [A-Z ]*PRIVATE KEY-----/g
const keyEnd = /-----END [A-Z ]*PRIVATE KEY-----/g

/** Applied in this order. `anchors` are strings without which a text cannot match. */
const finders: readonly { anchors: readonly string[]; find: (text: string) => Span[] }[] = [
  { anchors: ['-----BEGIN'], find: privateKeys },
  { anchors: [' '], find: (text) => spansOf(text, bearer) },
  { anchors: ['='], find: (text) => spansOf(text, inQuery) },
  { anchors: ['":', '" :'], find: jsonValues },
  { anchors: ['://'], find: (text) => spansOf(text, inUrl) },
  { anchors: ['eyJ'], find: (text) => spansOf(text, jwt) },
]
const minLength = 8

/**
 * The positions of bearer tokens, JWTs, passwords in URLs, private keys and JSON values whose names indicate a secret.
 * Each search masks earlier findings, because a value may continue behind a secret inside it.
 */
export function patternSpans(text: string): Span[] {
  if (text.length < minLength) return []
  const all: Span[][] = []
  let rest = text
  for (const { anchors, find } of finders) {
    if (!anchors.some((anchor) => rest.includes(anchor))) continue
    const found = find(rest)
    all.push(found)
    rest = masked(rest, found)
  }
  return all.flat()
}

function spansOf(text: string, pattern: RegExp): Span[] {
  return [...text.matchAll(pattern)].map(({ index, 1: kept = '', 2: secret = '' }) => {
    const from = index + kept.length
    return { from, to: from + secret.length }
  })
}

/** A key without an end marker is truncated. */
function privateKeys(text: string): Span[] {
  const ends = [...text.matchAll(keyEnd)].map(({ index, 0: found }) => index + found.length)
  const spans: Span[] = []
  let to = 0
  let next = 0
  for (const { index: from } of text.matchAll(keyBegin)) {
    if (from < to) continue
    while ((ends[next] ?? text.length) <= from) next += 1
    to = ends[next] ?? text.length
    spans.push({ from, to })
  }
  return spans
}

function jsonValues(text: string): Span[] {
  const spans: Span[] = []
  for (const { index, 1: upToValue = '', 2: name = '' } of text.matchAll(jsonName)) {
    if (!secretName.test(name)) continue
    const from = index + 1 + upToValue.length
    const to = endOfJsonString(text, from)
    if (to > from) spans.push({ from, to })
  }
  return spans
}

/** The first quote that is not escaped. */
function endOfJsonString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text[at - 1 - backslashes] === '\\' && at - backslashes > from) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return text.length
}
