import type { FastifyError, FastifyRequest } from 'fastify'
import { type Fault, Refusal } from '../vocabulary/api-error.ts'
import { suggestionFor } from '../vocabulary/nearest.ts'
import { patternRuleOf } from '../vocabulary/pattern-words.ts'
import { type AjvFault, mostFaults } from './bounded-validation.ts'

const places: Readonly<Record<string, Fault['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
}

/** What the schemas of a route reject, with what its other rules say of the same body. */
export function refusalOfValidation(error: FastifyError, { body, routeOptions }: FastifyRequest): Refusal {
  const where = places[error.validationContext ?? 'body'] ?? 'body'
  const rejected = (error.validation ?? []) as readonly AjvFault[]
  const faults = [
    ...rejected.filter(isTelling).map((problem) => faultOf(where, problem)),
    ...(where === 'body' ? (routeOptions.config.bodyRules?.(body) ?? []) : []),
  ]
  // A path that cannot be anybody's is answered like one that is nobody's.
  if (where === 'path') return new Refusal('not_found', faults[0]?.detail ?? 'Not found.', { errors: faults })
  const first = faults[0]?.detail ?? 'The request is not valid.'
  const count = `${faults.length < mostFaults ? '' : 'at least '}${faults.length - 1}`
  const more = faults.length > 1 ? ` (and ${count} more)` : ''
  return new Refusal('invalid_request', `${first}${more}`, { errors: faults })
}

/** The pattern of an enumeration repeats its values. */
function isTelling({ keyword, parentSchema }: AjvFault): boolean {
  return keyword !== 'pattern' || parentSchema?.enum === undefined
}

function faultOf(where: Fault['in'], problem: AjvFault): Fault {
  const { instancePath, keyword, params } = problem
  const named = params.additionalProperty ?? params.missingProperty
  const path = typeof named === 'string' ? `${instancePath}/${escapePointer(shortened(named))}` : instancePath
  const pointer = where === 'body' ? path : path.slice(1)
  const shown = pointer === '' ? 'The body' : pointer
  return { in: where, pointer, code: keyword, detail: `${shown} ${ruleOf(problem)}` }
}

/** The rule that is broken, and the nearest right name where one is near. */
function ruleOf({ keyword, params, parentSchema = {}, data, message = 'is not valid' }: AjvFault): string {
  switch (keyword) {
    case 'additionalProperties':
      return unknownName(String(params.additionalProperty), parentSchema)
    case 'required':
      return 'is missing.'
    case 'pattern':
      return patternRuleOf(parentSchema)
    case 'enum': {
      const values = (params.allowedValues as unknown[]).map(String)
      return `must be one of ${values.join(', ')}.${suggestionFor(String(data), values)}`
    }
    default:
      return `${message}.`
  }
}

function unknownName(
  name: string,
  { properties = {}, patternProperties, description }: NonNullable<AjvFault['parentSchema']>,
) {
  if (patternProperties !== undefined) return `is not a valid name here. ${description ?? ''}`.trim()
  return `is not a known field. Remove it, or correct its name.${suggestionFor(name, Object.keys(properties))}`
}

/** A name that nobody knows may be as long as the body. */
function shortened(name: string): string {
  return name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength)}…`
}

const maxNameLength = 256

function escapePointer(token: string): string {
  return token.replaceAll('~', '~0').replaceAll('/', '~1')
}
