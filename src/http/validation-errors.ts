import type { FastifyError, FastifyRequest } from 'fastify'
import { ApiError, type ValidationError } from '../vocabulary/api-error.ts'
import { pointerStep } from '../vocabulary/json.ts'
import { suggestionFor } from '../vocabulary/nearest.ts'
import { patternRuleOf } from '../vocabulary/pattern-words.ts'
import { type AjvError, maxErrors } from './bounded-validation.ts'

const locations: Readonly<Record<string, ValidationError['in']>> = {
  body: 'body',
  querystring: 'query',
  params: 'path',
  headers: 'header',
}

/** Combines the errors of a route's schemas with those of its other rules for the same body. */
export function apiErrorOfValidation(error: FastifyError, { body, routeOptions }: FastifyRequest): ApiError {
  const where = locations[error.validationContext ?? 'body'] ?? 'body'
  const rejected = (error.validation ?? []) as readonly AjvError[]
  const validationErrors = [
    ...validationErrorsOf(rejected, where),
    ...(where === 'body' ? (routeOptions.config.bodyRules?.(body) ?? []) : []),
  ]
  // A malformed id is reported as not found, like any unknown id.
  if (where === 'path')
    return new ApiError('not_found', validationErrors[0]?.detail ?? 'Not found.', { errors: validationErrors })
  return invalidRequest(validationErrors, maxErrors)
}

/** @param max maximum number of errors that were collected */
export function invalidRequest(validationErrors: readonly ValidationError[], max: number): ApiError {
  const first = validationErrors[0]?.detail ?? 'The request is not valid.'
  const count = `${validationErrors.length < max ? '' : 'at least '}${validationErrors.length - 1}`
  const more = validationErrors.length > 1 ? ` (and ${count} more)` : ''
  return new ApiError('invalid_request', `${first}${more}`, { errors: validationErrors })
}

/**
 * The first `most` errors: each is described in words, which includes a search for the closest valid name.
 *
 * @param base pointer of the validated value, if it is part of a body
 */
export function validationErrorsOf(
  rejected: readonly AjvError[],
  where: ValidationError['in'],
  { base = '', max = maxErrors }: { base?: string; max?: number } = {},
): ValidationError[] {
  return rejected
    .filter(isInformative)
    .slice(0, max)
    .map((problem) => validationErrorOf(where, { ...problem, instancePath: base + problem.instancePath }))
}

/** Excludes the pattern of an enumeration: it only repeats the values. */
function isInformative({ keyword, parentSchema }: AjvError): boolean {
  return keyword !== 'pattern' || parentSchema?.enum === undefined
}

function validationErrorOf(where: ValidationError['in'], problem: AjvError): ValidationError {
  const { instancePath, keyword, params } = problem
  const named = params.additionalProperty ?? params.missingProperty
  const path = typeof named === 'string' ? instancePath + pointerStep(shortened(named)) : instancePath
  const pointer = where === 'body' ? path : path.slice(1)
  const shown = pointer === '' ? 'The body' : pointer
  return { in: where, pointer, code: keyword, detail: `${shown} ${ruleOf(problem, where)}` }
}

/** Violated rule, with the closest valid name if there is one. */
function ruleOf(
  { keyword, params, parentSchema = {}, data, message = 'is not valid' }: AjvError,
  where: ValidationError['in'],
): string {
  switch (keyword) {
    case 'additionalProperties': {
      const name = String(params.additionalProperty)
      return where === 'query' ? unknownParameter(name, parentSchema) : unknownName(name, parentSchema)
    }
    case 'required':
      return 'is missing.'
    case 'pattern':
      return patternRuleOf(parentSchema)
    case 'enum': {
      const values = (params.allowedValues as unknown[]).map(String)
      return `must be one of ${values.join(', ')}.${typeof data === 'string' ? suggestionFor(data, values) : ''}`
    }
    default:
      return `${message}.`
  }
}

function unknownName(
  name: string,
  { properties = {}, patternProperties, description }: NonNullable<AjvError['parentSchema']>,
) {
  if (patternProperties !== undefined) return `is not a valid name here. ${description ?? ''}`.trim()
  return `is not a known field. Remove it, or correct its name.${suggestionFor(name, Object.keys(properties))}`
}

function unknownParameter(name: string, { properties = {} }: NonNullable<AjvError['parentSchema']>): string {
  const known = Object.keys(properties)
  if (known.length === 0) return 'is not a known query parameter: this operation has none. Remove it.'
  return `is not a known query parameter. Remove it, or correct its name.${suggestionFor(name, known)}`
}

/** Truncates an unknown name, which may be as long as the body. */
function shortened(name: string): string {
  return name.length <= maxNameLength ? name : `${name.slice(0, maxNameLength)}…`
}

const maxNameLength = 256
