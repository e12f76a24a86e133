import type { TObject } from '@sinclair/typebox'
import { type ValueError, ValueErrorType } from '@sinclair/typebox/errors'
import { Value } from '@sinclair/typebox/value'
import { type FieldPath, fieldPaths } from '../vocabulary/field-paths.ts'
import type { Json } from '../vocabulary/json.ts'
import { pointerStep } from '../vocabulary/json.ts'
import type { Kind, Spec } from '../vocabulary/kinds.ts'
import { suggestionFor } from '../vocabulary/nearest.ts'
import { patternRuleOf } from '../vocabulary/pattern-words.ts'
import { exclusives, isGiven, problemsBetweenFields, type SpecProblem } from '../vocabulary/spec-rules.ts'
import type { Driver } from './driver.ts'
import { hasFirstStep, type Place, parentOf, placesOf } from './field-places.ts'
import type { Accepts, FieldRule } from './field-rule.ts'
import { valueProblems } from './value-rules.ts'

/** What a spec is checked against: a driver and the id of its provider. */
export interface SpecRules<K extends Kind = Kind> {
  provider: string
  accepts: Accepts
  options?: TObject
  check?: Driver<K>['check']
}

/** Fields that Switchyard stores itself if the provider has no place for them. */
const storedLocally: ReadonlySet<FieldPath> = new Set(['name', 'description'])

/** Default values of the vocabulary, which request nothing special of a provider. */
export const neutralValues: { readonly [path in FieldPath]?: unknown } = {
  'resources.nodes': 1,
  'resources.accelerator.kind': 'gpu',
  'outputs.overwrite': false,
  'mounts.readOnly': false,
  'ports.protocol': 'tcp',
  'autoStop.basis': 'running',
  startupScriptScope: 'all',
}

/**
 * Every reason why the provider cannot execute a request as given: unsupported fields, field rules, options, and rules
 * between fields. Empty if it can be submitted. `shown` is the last observed payload of an existing object. Pure.
 */
export function checkSpec<K extends Kind>(
  rules: SpecRules<K>,
  spec: Spec<K>,
  shown: Json = null,
): readonly SpecProblem[] {
  const validationErrors = rules.check?.(spec, shown) ?? []
  return [
    ...problemsBetweenFields(spec),
    ...fieldPaths.flatMap((path) => problemsAt(rules, path, spec)),
    ...optionProblems(rules, spec.providerOptions ?? {}),
    ...validationErrors.map((validationError) => ({ ...validationError, code: 'unprocessable' })),
  ]
}

/**
 * Fills in the driver's defaults for absent fields that no given field excludes, then the vocabulary's defaults within
 * the objects that are present.
 */
export function withDefaults<S extends Spec>(accepts: Accepts, spec: S): S {
  const filled = copyOf(spec)
  for (const path of fieldPaths) {
    const value = accepts[path]?.default
    if (value !== undefined && !isExcluded(filled, path)) fillIn(filled, path, { value, createsParent: true })
  }
  fillInside(accepts, filled)
  return filled
}

/** Fills in defaults only inside the given objects: for a spec of which only parts are new. */
export function withDefaultsInside<S extends Spec>(accepts: Accepts, spec: S): S {
  const filled = copyOf(spec)
  fillInside(accepts, filled)
  return filled
}

function fillInside(accepts: Accepts, spec: Spec): void {
  for (const path of fieldPaths) {
    const value = accepts[path]?.default ?? neutralValues[path]
    const isInside =
      path === 'startupScriptScope' ? isGiven(spec, 'startupScript') : path.includes('.') && hasFirstStep(spec, path)
    if (value !== undefined && isInside && !isExcluded(spec, path)) fillIn(spec, path, { value, createsParent: false })
  }
}

/** A copy of JSON. `structuredClone` supports more than JSON and takes several times as long. */
function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, copyOf(item)])) as T
}

function problemsAt({ provider, accepts }: SpecRules, path: FieldPath, spec: object): SpecProblem[] {
  const rule = accepts[path]
  // Most paths are absent from most requests.
  if (rule?.required !== true && !hasFirstStep(spec, path)) return []
  const places = placesOf(spec, path)
  if (rule === undefined) return unsupportedProblems(provider, accepts, { path, places })
  const missing = rule.required ? missingPlaces(path, places) : []
  return [
    ...missing.map((place) => missingProblem(provider, place, rule)),
    ...places.flatMap((place) => (place.value === undefined ? [] : valueProblems({ provider, path, rule }, place))),
  ]
}

function unsupportedProblems(
  provider: string,
  accepts: Accepts,
  { path, places }: { path: FieldPath; places: readonly Place[] },
) {
  const parent = parentOf(path)
  // If the whole object or list is rejected, its parts need no separate error.
  if (storedLocally.has(path) || (parent !== undefined && accepts[parent] === undefined)) return []
  return places
    .filter(({ value }) => hasContent(value) && value !== neutralValues[path])
    .map(({ pointer }) => ({
      pointer,
      code: 'unsupported',
      detail: `${provider} does not support \`${path}\`. Remove it, or use a provider that supports it (GET /providers).`,
    }))
}

function hasContent(value: unknown): boolean {
  if (value === undefined) return false
  return typeof value !== 'object' || value === null || Object.keys(value).length > 0
}

function missingPlaces(path: FieldPath, places: readonly Place[]): readonly Place[] {
  const absent = places.filter(({ value }) => value === undefined)
  if (absent.length > 0 || places.length > 0 || parentOf(path) !== undefined) return absent
  return [{ pointer: `/${path.replaceAll('.', '/')}`, value: undefined }]
}

function missingProblem(provider: string, { pointer }: Place, rule: FieldRule): SpecProblem {
  const note = rule.note === undefined ? '' : ` (${rule.note})`
  return { pointer, code: 'required', detail: `${provider} requires this field${note}.` }
}

function optionProblems(
  { provider, options }: SpecRules,
  given: NonNullable<Spec['providerOptions']>,
): readonly SpecProblem[] {
  return Object.entries(given).flatMap(([id, values]) => {
    const pointer = `/providerOptions${pointerStep(id)}`
    if (id !== provider) {
      const detail = `These are options of ${id}, but the provider of the request is ${provider}. Remove them, or use a connection to ${id}.`
      return [{ pointer, code: 'unsupported', detail }]
    }
    if (options !== undefined) return optionErrors(options, pointer, values)
    if (Object.keys(values).length === 0) return []
    return [{ pointer, code: 'unsupported', detail: `${provider} has no options for this kind. Remove them.` }]
  })
}

const maxOptionErrors = 20

/** Messages omit values because an option may contain a secret. */
function optionErrors(options: TObject, pointer: string, values: unknown): readonly SpecProblem[] {
  const known = Object.keys(options.properties).join(', ')
  const problems: SpecProblem[] = []
  // Errors are produced lazily: a list of options may have one per item.
  for (const error of Value.Errors(options, values)) {
    const { path } = error
    const detail = `${optionRuleOf(error, options)} Options are: ${known === '' ? '(none)' : known}.`
    problems.push({ pointer: pointer + path, code: 'invalid_option', detail })
    if (problems.length === maxOptionErrors) break
  }
  return problems
}

function optionRuleOf({ type, path, schema, message }: ValueError, options: TObject): string {
  if (type === ValueErrorType.ObjectAdditionalProperties)
    return `${message}.${suggestionFor(path.slice(1), Object.keys(options.properties))}`
  if (Array.isArray(schema.enum)) return `Expected one of ${schema.enum.join(', ')}.`
  return type === ValueErrorType.StringPattern ? `It ${patternRuleOf(schema)}` : `${message}.`
}

function isExcluded(spec: object, path: FieldPath): boolean {
  return exclusives.some(
    ([first, others]) =>
      (first === path && others.some((other) => isGiven(spec, other))) ||
      (others.includes(path) && isGiven(spec, first)),
  )
}

/** `createsParent` creates a missing parent object that is not itself a field (`resources`). */
function fillIn(
  spec: object,
  path: FieldPath,
  { value, createsParent }: { value: unknown; createsParent: boolean },
): void {
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  const isBare = createsParent && parentOf(path) === undefined
  let holders: unknown[] = [spec]
  for (const step of steps) holders = holders.flatMap((holder) => holderAt(holder, step, isBare))
  for (const holder of holders) {
    const record = holder as Record<string, unknown>
    if (record[last] === undefined) record[last] = copyOf(value)
  }
}

function holderAt(holder: unknown, step: string, createsParent: boolean): unknown[] {
  const record = holder as Record<string, unknown>
  if (record[step] === undefined && createsParent) record[step] = {}
  const value = record[step]
  if (Array.isArray(value)) return value
  return typeof value === 'object' && value !== null ? [value] : []
}
