/** A documented rule for one JSON field. Bounds are characters for strings, items for arrays, values for integers. */
export interface FieldRule {
  readonly type: 'string' | 'integer' | 'boolean' | 'object' | 'array' | 'map'
  readonly isRequired?: true
  readonly min?: number
  readonly max?: number
  readonly pattern?: RegExp
  readonly oneOf?: readonly unknown[]
  /** The fields of an object. */
  readonly fields?: Fields
  /** Every item of an array, or every value of a map. */
  readonly each?: FieldRule
}

export type Fields = Readonly<Record<string, FieldRule>>

/** A violated rule; each provider formats it differently. */
export interface Violation {
  /** Dotted, with array positions in brackets: `data.input[0].hdfs`. */
  readonly path: string
  readonly value: unknown
  readonly broken: 'required' | 'type' | 'size' | 'range' | 'pattern' | 'choice' | 'unknown'
  readonly rule: FieldRule | null
}

/** Validates a body against documented fields; violations are in the order of the rules. */
export function checkFields(body: unknown, fields: Fields, { refuseUnknown }: { refuseUnknown: boolean }): Violation[] {
  return checkObject(isRecord(body) ? body : {}, fields, { prefix: '', refuseUnknown })
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

interface CheckContext {
  prefix: string
  refuseUnknown: boolean
}

function checkObject(value: Record<string, unknown>, fields: Fields, context: CheckContext): Violation[] {
  const known = Object.entries(fields).flatMap(([name, rule]) =>
    checkValue(value[name], rule, { ...context, prefix: context.prefix + name }),
  )
  if (!context.refuseUnknown) return known
  const unknownNames = Object.keys(value).filter((name) => !Object.hasOwn(fields, name))
  return [
    ...known,
    ...unknownNames.map((name) => ({
      path: context.prefix + name,
      value: value[name],
      broken: 'unknown' as const,
      rule: null,
    })),
  ]
}

function checkValue(value: unknown, rule: FieldRule, context: CheckContext): Violation[] {
  const violation = (broken: Violation['broken']) => [{ path: context.prefix, value, broken, rule }]
  if (value === undefined || value === null) return rule.isRequired ? violation('required') : []
  if (!hasType(value, rule.type)) return violation('type')
  if (isOutOfBounds(value, rule)) return violation(rule.type === 'integer' ? 'range' : 'size')
  if (rule.pattern !== undefined && !rule.pattern.test(String(value))) return violation('pattern')
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value)) return violation('choice')
  return checkInside(value, rule, context)
}

function checkInside(value: unknown, rule: FieldRule, context: CheckContext): Violation[] {
  const { each } = rule
  if (Array.isArray(value)) {
    return each
      ? value.flatMap((item, at) => checkValue(item, each, { ...context, prefix: `${context.prefix}[${at}]` }))
      : []
  }
  if (!isRecord(value)) return []
  if (rule.fields) return checkObject(value, rule.fields, { ...context, prefix: `${context.prefix}.` })
  if (!each) return []
  return Object.entries(value).flatMap(([key, item]) =>
    checkValue(item, each, { ...context, prefix: `${context.prefix}.${key}` }),
  )
}

function hasType(value: unknown, type: FieldRule['type']): boolean {
  switch (type) {
    case 'integer':
      return Number.isSafeInteger(value)
    case 'array':
      return Array.isArray(value)
    case 'object':
    case 'map':
      return isRecord(value)
    default:
      return typeof value === type
  }
}

function isOutOfBounds(value: unknown, { min, max }: FieldRule): boolean {
  const size = typeof value === 'number' ? value : sizeOf(value)
  return size < (min ?? Number.NEGATIVE_INFINITY) || size > (max ?? Number.POSITIVE_INFINITY)
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return [...value].length
  return Array.isArray(value) ? value.length : 0
}
