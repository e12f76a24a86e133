import type { FieldPath } from '../vocabulary/field-paths.ts'
import { pointerStep } from '../vocabulary/json.ts'
import { patternInWords } from '../vocabulary/pattern-words.ts'
import type { SpecProblem } from '../vocabulary/spec-rules.ts'
import type { Place } from './field-places.ts'
import type { FieldRule } from './field-rule.ts'

export interface RuledField {
  provider: string
  path: FieldPath
  rule: FieldRule
}

/** Fields whose values may contain secrets: an error does not repeat them. */
const unshown: ReadonlySet<FieldPath> = new Set(['environmentVariables', 'command', 'script', 'startupScript'])

/**
 * Violations of the provider's rule by a value: a string or number itself, each item of a list, each value of a map.
 */
export function valueProblems(field: RuledField, { pointer, value }: Place): readonly SpecProblem[] {
  if (typeof value !== 'object' || value === null) return scalarProblems(field, { pointer, value })
  const entries = Object.entries(value)
  const isOfScalars = Array.isArray(value) || field.path === 'environmentVariables'
  return [
    ...countProblems(field, pointer, entries.length),
    ...(isOfScalars ? entries : []).flatMap(([key, item]) =>
      typeof item === 'object' ? [] : scalarProblems(field, { pointer: pointer + pointerStep(key), value: item }),
    ),
  ]
}

function countProblems({ provider, rule: { maxItems } }: RuledField, pointer: string, count: number): SpecProblem[] {
  if (maxItems === undefined || count <= maxItems) return []
  const detail = `${count} items; ${provider} accepts at most ${maxItems}.`
  return [{ pointer, code: 'too_many', detail }]
}

function scalarProblems(field: RuledField, place: Place): readonly SpecProblem[] {
  const { value } = place
  const broken = [
    ...valueSetRules(field.rule, value),
    ...(typeof value === 'string' ? textRules(field.rule, value) : []),
    ...(typeof value === 'number' ? numberRules(field.rule, value) : []),
  ]
  return broken.map((rule) => ({ pointer: place.pointer, code: rule.code, detail: detailOf(field, value, rule) }))
}

interface BrokenRule {
  code: string
  /** The requirement, as it follows "it must". */
  must: string
  /** What the value does instead, if it is not apparent from the value. */
  does?: string
}

function valueSetRules({ values }: FieldRule, value: unknown): BrokenRule[] {
  if (values === undefined || values.some((each) => each === value)) return []
  return [{ code: 'not_allowed', must: `be one of ${values.map((each) => JSON.stringify(each)).join(', ')}` }]
}

function textRules({ pattern, minLength, maxLength }: FieldRule, value: string): BrokenRule[] {
  const length = [...value].length
  const does = `has ${length} characters`
  const broken: BrokenRule[] = []
  if (minLength !== undefined && length < minLength) {
    broken.push({ code: 'too_short', must: `have at least ${minLength} characters`, does })
  }
  if (maxLength !== undefined && length > maxLength) {
    broken.push({ code: 'too_long', must: `have at most ${maxLength} characters`, does })
  }
  if (pattern !== undefined && !new RegExp(pattern).test(value)) {
    broken.push({ code: 'pattern', must: `be ${patternInWords(pattern) ?? 'in a valid form'}` })
  }
  return broken
}

function numberRules({ minimum, maximum }: FieldRule, value: number): BrokenRule[] {
  if (minimum !== undefined && value < minimum) return [{ code: 'too_small', must: `be at least ${minimum}` }]
  if (maximum !== undefined && value > maximum) return [{ code: 'too_big', must: `be at most ${maximum}` }]
  return []
}

function detailOf({ provider, path, rule }: RuledField, value: unknown, { must, does }: BrokenRule): string {
  const shown = unshown.has(path) ? 'The value (not repeated here)' : shorten(value)
  const note = rule.note === undefined ? '' : ` (${rule.note})`
  const to = rule.to === '' ? '' : ` as ${rule.to}`
  return `${shown}${does === undefined ? '' : ` ${does}, which`} cannot be sent to ${provider}${to}: it must ${must}${note}.`
}

function shorten(value: unknown): string {
  const text = JSON.stringify(value)
  return text.length <= 80 ? text : `${text.slice(0, 79)}…"`
}
