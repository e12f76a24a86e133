import { masked, type Span } from '../secret-search.ts'

/**
 * What looks like a secret, whoever's it is. Each pattern has what stays in its first group and the secret in its second;
 * none goes over a character more often than a few times, and none repeats a group, which for millions of characters would
 * overflow the stack of V8's regular expressions.
 */
const bearer = /\b((?:Bearer|Basic|token) +)([A-Za-z0-9._~+/=-]{8,})/gi
const inQuery = /([?&](?:[a-z_-]*token|signature|sig|password|access_?key|secret)=)([^&#\s"']+)/gi
const inUrl = /(:\/\/[^\s/:@]*:)([^\s/]+)@/g
const jwt = /()(eyJ[\w-]+(?:\.[\w-]*){0,2})/g

/** A name in JSON up to the quotes that open its value, from every quote on: names may follow each other closely. */
const jsonName = /"(?=(([\w-]+)" ?: ?"))/g
const secretName = /password|secret|token|signature|credential/i
const keyBegin = /-----BEGIN [A-Z ]*PRIVATE KEY-----/g
const keyEnd = /-----END [A-Z ]*PRIVATE KEY-----/g

/** In this order, each told what a text has to hold for it. */
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
 * Where bearer tokens, JWTs, passwords in URLs, private keys and values of JSON fields with telling names stand. Each is
 * looked for in a text in which what was found before is masked: a value goes on behind a secret within it.
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

/** A key without an end has been cut off. */
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

/** The quote that no backslash escapes. */
function endOfJsonString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let backslashes = 0
    while (text[at - 1 - backslashes] === '\\' && at - backslashes > from) backslashes += 1
    if (backslashes % 2 === 0) return at
  }
  return text.length
}
