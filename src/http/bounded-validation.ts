import type { PatternedSchema } from '../vocabulary/pattern-words.ts'

/** Validation error of Ajv with its option `verbose`. */
export interface AjvError {
  instancePath: string
  schemaPath: string
  keyword: string
  params: Record<string, unknown>
  message?: string
  /** Schema with the rule, and the rejected value. */
  parentSchema?: PatternedSchema & {
    enum?: readonly unknown[]
    properties?: Readonly<Record<string, unknown>>
    patternProperties?: object
  }
  data?: unknown
}

export type Validate = ((data: unknown) => unknown) & { errors?: AjvError[] | null }

/** Maximum validation errors in a response. */
export const maxErrors = 50
/** More values than any valid request has, except for options without a schema. */
const maxValues = 2000

/**
 * Reports all errors of data of ordinary size. For larger data it reports the first error and those at the beginning,
 * so that the cost of validation does not grow with the number of errors.
 */
export function boundedValidation({ all, first }: { all: () => Validate; first: () => Validate }): Validate {
  const validate: Validate = (data) => {
    validate.errors = isLarge(data) ? errorsOfLarge(data, first(), all) : allErrors(all(), data)
    return validate.errors === null
  }
  return validate
}

function allErrors(validate: Validate, data: unknown): AjvError[] | null {
  return validate(data) ? null : (validate.errors ?? []).slice(0, maxErrors)
}

function errorsOfLarge(data: unknown, first: Validate, all: () => Validate): AjvError[] | null {
  const sure = allErrors(first, data)
  if (sure === null) return null
  const known = new Set(sure.map(({ instancePath, keyword }) => `${keyword} ${instancePath}`))
  const more = (allErrors(all(), firstValuesOf(data)) ?? []).filter(
    (validationError) =>
      appliesToWhole(validationError) && !known.has(`${validationError.keyword} ${validationError.instancePath}`),
  )
  return [...sure, ...more].slice(0, maxErrors)
}

function isLarge(data: unknown): boolean {
  let left = maxValues
  const exceedsLimit = (value: unknown): boolean => {
    left -= 1
    if (left < 0 || typeof value !== 'object' || value === null) return left < 0
    return (Array.isArray(value) ? value : Object.values(value)).some(exceedsLimit)
  }
  return exceedsLimit(data)
}

/** Copy of the first `maxValues` values, breadth first. */
function firstValuesOf(data: unknown): unknown {
  const top: Record<string, unknown> = {}
  const open: [object, Record<string, unknown>][] = [[{ data }, top]]
  let left = maxValues
  for (const [from, to] of open) {
    const entries = Object.entries(Array.isArray(from) ? from.slice(0, left) : from).slice(0, left)
    left -= entries.length
    for (const [key, value] of entries) {
      const copy = emptyOf(value)
      to[key] = copy ?? value
      if (copy !== null) open.push([value as object, copy])
    }
  }
  return top.data
}

function emptyOf(value: unknown): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null) return null
  return Array.isArray(value) ? ([] as unknown as Record<string, unknown>) : Object.create(null)
}

/** Whether an error in the copy also applies to the complete value: a missing value may follow later. */
function appliesToWhole({ keyword, schemaPath }: AjvError): boolean {
  return !['required', 'minItems', 'minProperties'].includes(keyword) && !/\/(?:anyOf|oneOf|not|if)\b/.test(schemaPath)
}
