import type { Observation } from '../providers/provider.ts'
import { ProviderError } from '../providers/provider-error.ts'
import type { Json } from '../vocabulary/json.ts'
import type { Kind } from '../vocabulary/kinds.ts'

/** Takes secrets out of what a provider says. */
export interface Hide {
  text(text: string): string
  json(value: Json): Json
}

const hidden = '[redacted]'
/** A shorter text stands in too many others. */
const minLength = 4
/** Of a secret that was cut off; fewer characters may be there by chance. */
const minPartLength = 6

export const nothingToHide: Hide = { text: (text) => text, json: (value) => value }

/** Where it is not known what is secret, nothing is shown but our own words. */
export function hideAllBut(own: string): Hide {
  return { text: (text) => (text === own ? own : hidden), json: () => hidden }
}

/**
 * Hides values wherever they stand, in each spelling in which an answer may repeat them (JSON, URL, shell, base64),
 * also cut off at the end of a text, and whatever stands under their names: as a key, in `{name, value}`, as `NAME=…`.
 */
export function makeHide(variables: Readonly<Record<string, string>>): Hide {
  const names = new Set(Object.keys(variables))
  const spellings = [...new Set(Object.values(variables).flatMap(spellingsOf))]
    .filter((each) => each.length >= minLength)
    // The longest first: a part must not be taken out of a whole whose rest then stays.
    .sort((a, b) => b.length - a.length)
  const text = (given: string): string => hideIn(hideNamed(given, names), spellings)
  return { text, json: (value) => hideJson(value, names, text) }
}

/** A sighting without secrets. What the engine acts on (id, mark, a state that is known) stays as it is. */
export function hideInSighting<K extends Kind>(hide: Hide, seen: Observation<K>): Observation<K> {
  const { payload, message, remoteName, tasks, result, rawState, status } = seen
  return {
    ...seen,
    payload: hide.json(payload),
    ...(status === null ? { rawState: hide.text(rawState) } : {}),
    ...(message === undefined ? {} : { message: hide.text(message) }),
    ...(remoteName === undefined ? {} : { remoteName: hide.text(remoteName) }),
    ...(tasks === undefined ? {} : { tasks: hide.json(tasks as unknown as Json) as unknown as typeof tasks }),
    ...(result === undefined ? {} : { result: hide.json(result) as typeof result }),
  }
}

/** The same failure in clean words. Its cause, which may quote the answer, stays behind. */
export function hideInError(hide: Hide, error: ProviderError): ProviderError {
  if (hide === nothingToHide) return error
  const { httpStatus, providerCode, retryAfterMs, field, parameter, notSent } = error
  return new ProviderError(error.code, hide.text(error.message), {
    notSent,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(providerCode === undefined ? {} : { providerCode: hide.text(providerCode) }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(field === undefined ? {} : { field }),
    ...(parameter === undefined ? {} : { parameter: hide.text(parameter) }),
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

function hideIn(text: string, spellings: readonly string[]): string {
  let clean = text
  for (const spelling of spellings) clean = clean.replaceAll(spelling, hidden)
  return hideCutOff(clean, spellings)
}

/** Drivers cut long texts, and mark the place with `…`: what stands before it, or at the very end, may be half a secret. */
function hideCutOff(text: string, spellings: readonly string[]): string {
  return text
    .split('…')
    .map((part) => {
      const kept = Math.max(0, ...spellings.map((spelling) => partAtEnd(part, spelling)))
      return kept === 0 ? part : part.slice(0, -kept) + hidden
    })
    .join('…')
}

/** How many characters at the end of a text are the beginning of a secret. */
function partAtEnd(text: string, secret: string): number {
  const head = secret.slice(0, minPartLength)
  if (secret.length <= minPartLength) return 0
  let at = text.indexOf(head, Math.max(0, text.length - secret.length + 1))
  while (at >= 0 && !secret.startsWith(text.slice(at))) at = text.indexOf(head, at + 1)
  return at < 0 ? 0 : text.length - at
}

/** `NAME=…` up to the end of the word or of the quotes. */
function hideNamed(text: string, names: ReadonlySet<string>): string {
  let clean = text
  for (const name of names) {
    if (!clean.includes(`${name}=`)) continue
    clean = clean.replace(new RegExp(`\\b${name}=('[^']*'|"[^"]*"|[^\\s'"]\\S*)`, 'g'), `${name}=${hidden}`)
  }
  return clean
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
