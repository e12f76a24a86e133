import { checkFields, type Fields as FieldRules, isRecord, type Violation } from '../fields.ts'
import type { Call } from '../provider.ts'
import { badRequest, invalid } from './status.ts'
import type { Type } from './store.ts'
import type { Fields, Metadata } from './wire.ts'

export interface ObjectRequest {
  metadata: Metadata
  spec: Fields
}

/** The body of a create, validated like the server does. */
export function readObject(call: Call, type: Type, schema: FieldRules): ObjectRequest {
  const { json } = call
  if (!isRecord(json)) throw badRequest('the object provided is unrecognized (must be of type Job)')
  if (json.kind !== type.kind) throw badRequest(`no kind "${String(json.kind)}" is registered`)
  const refuseUnknown = call.query.get('fieldValidation') === 'Strict'
  const violations = checkFields(json, schema, { refuseUnknown })
  const name = isRecord(json.metadata) ? String(json.metadata.name ?? '') : ''
  for (const violation of violations) throw rejectionOf(violation, { ...type, name })
  if (!/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(name) || name.length > 63) {
    throw invalid({ ...type, name }, 'metadata.name', 'must be no more than 63 characters, lower case RFC 1123')
  }
  // The validation has checked the types of the fields in use.
  return json as unknown as ObjectRequest
}

function rejectionOf({ path, broken }: Violation, named: Parameters<typeof invalid>[0]): Error {
  const version = `${named.kind} in version "v1" cannot be handled as a ${named.kind}`
  if (broken === 'unknown') return badRequest(`${version}: strict decoding error: unknown field "${path}"`)
  if (broken === 'type') return badRequest(`${version}: json: cannot unmarshal into Go struct field ${path}`)
  return invalid(named, path, broken === 'required' ? 'Required value' : 'Invalid value')
}

/** RFC 7386. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  }
  return result
}

/** `key`, `key=value`, `key in (a,b)`, separated by commas outside of parentheses. */
export function matches(selector: string | null, labels: Readonly<Record<string, string>>): boolean {
  const parts = (selector ?? '').split(/,(?![^(]*\))/).filter((part) => part !== '')
  return parts.every((part) => {
    const [, key = '', values] = /^\s*(\S+)\s+in\s+\(([^)]*)\)\s*$/.exec(part) ?? []
    if (values !== undefined) return values.split(',').some((value) => labels[key] === value.trim())
    const [name = '', value] = part.trim().split(/==?/)
    return value === undefined ? labels[name] !== undefined : labels[name] === value
  })
}

/** One page of a list, ordered by name; the token names the last item. */
export function pageOf<T extends { name: string }>(items: readonly T[], query: URLSearchParams) {
  const token = query.get('continue') ?? ''
  const after = token === '' ? '' : Buffer.from(token, 'base64url').toString('utf8')
  const rest = items.filter(({ name }) => name > after)
  const limit = Number(query.get('limit') ?? 0)
  const page = limit > 0 ? rest.slice(0, limit) : rest
  const last = page.at(-1)
  if (last === undefined || page.length === rest.length) return { page, metadata: { resourceVersion: '1' } }
  const metadata = {
    resourceVersion: '1',
    continue: Buffer.from(last.name).toString('base64url'),
    remainingItemCount: rest.length - page.length,
  }
  return { page, metadata }
}
