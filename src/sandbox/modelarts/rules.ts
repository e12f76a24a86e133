import { checkFields, type FieldRule, type Fields, type Violation } from '../fields.ts'
import { type ErrorFormat, Rejection } from './rejections.ts'

export const text: FieldRule = { type: 'string' }
export const requiredText: FieldRule = { type: 'string', isRequired: true }
export const integer: FieldRule = { type: 'integer' }
export const boolean: FieldRule = { type: 'boolean' }
export const texts: FieldRule = { type: 'array', each: requiredText }
export const textMap: FieldRule = { type: 'map', each: requiredText }
export const anything: FieldRule = { type: 'map' }

export function object(fields: Fields): FieldRule {
  return { type: 'object', fields }
}

export function required(rule: FieldRule): FieldRule {
  return { ...rule, isRequired: true }
}

// Letters, digits, hyphens and underscores; an empty name counts as missing.
export const word = /^[A-Za-z0-9_-]*$/
export const description: FieldRule = { type: 'string', max: 512, pattern: /^[^&<>"'/]*$/ }

/**
 * Validates a body.
 *
 * @throws Rejection with the code and message of the group, for the first violated rule
 */
export function assertKeepsRules(
  body: unknown,
  fields: Fields,
  { format, refuseUnknown }: { format: ErrorFormat; refuseUnknown: boolean },
): void {
  // The config of v1 training is listed only in part, so unknown fields are accepted there.
  const [first] = checkFields(body, fields, { refuseUnknown: refuseUnknown && format !== 'training-v1' })
  if (first === undefined) return
  if (format === 'jobs') throw invalidParam(first.path)
  if (format === 'training-v1') throw new Rejection(400, '0104', 'Parameter error.')
  throw devEnvironRejection(first)
}

/** The rejection of a parameter of a v2 training job. */
export function invalidParam(path: string): Rejection {
  return new Rejection(400, '2788', `Invalid parameter(${path}).`, 'Check the request parameter.')
}

/** The rejection of a value in a development environment. */
export function wrongValue(path: string): Rejection {
  return new Rejection(400, '6336', `'${path}' property value is incorrect.`)
}

function devEnvironRejection({ path, value, broken, rule }: Violation): Rejection {
  switch (broken) {
    case 'required':
      return new Rejection(400, '6335', `'${path}' is a required property.`)
    case 'type':
      return new Rejection(
        400,
        '6332',
        `Incorrect parameter type. The '${path}' parameter must be of the '${rule?.type}' type.`,
      )
    case 'unknown':
      return new Rejection(400, '6400', `Invalid request payload ${path}, please check.`)
    case 'pattern':
      return path === 'name' || path === 'description' ? illegalCharacter(path, String(value)) : wrongValue(path)
    default:
      return wrongValue(path)
  }
}

function illegalCharacter(path: 'name' | 'description', value: string): Rejection {
  const illegal = path === 'name' ? /[^A-Za-z0-9_-]/ : /[&<>"'/]/
  const char = illegal.exec(value)?.[0] ?? ''
  return new Rejection(400, '6334', `Invalid value for name or description. The character \`${char}\` is not allowed.`)
}
