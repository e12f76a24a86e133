import type { Observation } from '../providers/observation.ts'
import { ProviderError } from '../providers/provider-error.ts'
import { hidden, makeSecretSearch, type SecretSearch, type Span, withoutSpans } from '../providers/secret-search.ts'
import type { Json } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'

/** Removes secrets from text and JSON of a provider. */
export interface Hide {
  text(text: string): string
  json(value: Json): Json
  /** What `text` hides. */
  spans(text: string): readonly Span[]
}

export const nothingToHide: Hide = { text: (text) => text, json: (value) => value, spans: () => [] }

/** For use when the secrets are unknown: hides everything except the given text. */
export function hideAllBut(own: string): Hide {
  const spans = (text: string): readonly Span[] => (text === own ? [] : [{ from: 0, to: text.length }])
  return { text: (text) => (text === own ? own : hidden), json: () => hidden, spans }
}

/**
 * Hides secret values in every encoding that a response may contain (JSON, URL, shell, base64), also if truncated at
 * the end of a text, and all values under their names: as a key, in `{name, value}`, as `NAME=…`.
 */
export function makeHide(variables: Readonly<Record<string, string>>): Hide {
  const names = new Set(Object.keys(variables))
  const spans = (given: string): readonly Span[] => [...search(given), ...namedSpans(given, names)]
  const text = (given: string): string => withoutSpans(given, spans(given))
  // Created on first use: most calls hide nothing.
  let cached: SecretSearch | undefined
  const search: SecretSearch = (given) => {
    cached ??= makeSecretSearch(Object.values(variables).flatMap(spellingsOf))
    return cached(given)
  }
  return { text, json: (value) => hideJson(value, names, text), spans }
}

/** An observation without secrets. Fields that the engine uses (id, correlation tag, known status) are unchanged. */
export function redactObservation<K extends Kind>(hide: Hide, seen: Observation<K>): Observation<K> {
  const { payload, message, remoteName, tasks, result, rawState, status } = seen
  return {
    ...seen,
    payload: () => hide.json(payload()),
    ...(status === null ? { rawState: hide.text(rawState) } : {}),
    ...(message === undefined ? {} : { message: hide.text(message) }),
    ...(remoteName === undefined ? {} : { remoteName: hide.text(remoteName) }),
    ...(tasks === undefined ? {} : { tasks: hide.json(tasks as unknown as Json) as unknown as typeof tasks }),
    ...(result === undefined ? {} : { result: hide.json(result) as typeof result }),
  }
}

/** The same error with secrets removed. The cause is dropped because it may quote the response. */
export function hideInError(hide: Hide, error: ProviderError): ProviderError {
  if (hide === nothingToHide) return error
  const { httpStatus, providerCode, retryAfterMs, field, parameter, notSent } = error
  return new ProviderError(error.code, hide.text(error.message), {
    ...{ httpStatus, retryAfterMs, field, notSent },
    providerCode: providerCode === undefined ? undefined : hide.text(providerCode),
    parameter: parameter === undefined ? undefined : hide.text(parameter),
  })
}

function spellingsOf(value: string): string[] {
  const inJson = JSON.stringify(value).slice(1, -1)
  const inShell = value.replaceAll("'", "'\\''")
  const bytes = Buffer.from(value)
  return [
    ...[value, inJson, inJson.replaceAll('/', '\\/'), JSON.stringify(inJson).slice(1, -1)],
    ...[inShell, JSON.stringify(inShell).slice(1, -1)],
    ...[encodeURIComponent(value.toWellFormed()), new URLSearchParams({ v: value }).toString().slice(2)],
    ...[bytes.toString('base64'), bytes.toString('base64url')],
  ]
}

const assignment = /\b([A-Za-z_]\w*)=/g
const assigned = /'[^']*'|'[^'\n]*|"[^"]*"|"[^"\n]*|[^\s'"]\S*/y

/** The values of `NAME=…`, up to the end of the word or of the quotes; of the line if the quotes are not closed. */
function namedSpans(text: string, names: ReadonlySet<string>): Span[] {
  const spans: Span[] = []
  let done = 0
  for (const { index, 0: upToValue, 1: name = '' } of text.matchAll(assignment)) {
    if (index < done || !names.has(name)) continue
    const from = index + upToValue.length
    assigned.lastIndex = from
    done = from + (assigned.exec(text)?.[0].length ?? 0)
    if (done > from) spans.push({ from, to: done })
  }
  return spans
}

function hideJson(value: Json, names: ReadonlySet<string>, text: (text: string) => string): Json {
  if (typeof value === 'string') return text(value)
  if (typeof value === 'number') return text(String(value)) === String(value) ? value : hidden
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item: Json) => hideJson(item, names, text))
  const isNamed = ['name', 'key'].some((key) => names.has((value as Record<string, unknown>)[key] as string))
  const entries = Object.entries(value).map(([key, item]) => {
    const isSecret = names.has(key) || (isNamed && key === 'value')
    return [text(key), isSecret && item !== null ? hidden : hideJson(item, names, text)] as const
  })
  return Object.fromEntries(entries)
}
