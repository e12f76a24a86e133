import fc from 'fast-check'
import { resolved, type Schema } from './contract.ts'

type Value = fc.Arbitrary<unknown>

/** Values that a schema allows, ignoring unsupported keywords. */
export function valuesOf(given: Schema): Value {
  const schema = resolved(given)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(valuesOf))
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type
  const make = makers[type ?? 'unknown']
  return make === undefined ? fc.jsonValue({ maxDepth: 2 }) : make(schema)
}

const makers: Readonly<Record<string, (schema: Schema) => Value>> = {
  object: objects,
  array: ({ items = {}, minItems = 0, maxItems = 4, uniqueItems = false }) => {
    const size = { minLength: minItems, maxLength: Math.min(maxItems, minItems + 3) }
    return uniqueItems ? fc.uniqueArray(valuesOf(items), size) : fc.array(valuesOf(items), size)
  },
  string: texts,
  integer: ({ minimum = -1e6, maximum = 1e6 }) => fc.integer({ min: minimum, max: maximum }),
  number: ({ minimum = -1e6, maximum = 1e6 }) => fc.double({ min: minimum, max: maximum, noNaN: true }),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
}

function objects({
  properties = {},
  propertyNames,
  additionalProperties,
  required = [],
  maxProperties,
}: Schema): Value {
  if (propertyNames !== undefined && typeof additionalProperties === 'object')
    return fc.dictionary(matching(propertyNames.pattern ?? ''), valuesOf(additionalProperties), { maxKeys: 3 })
  const entries = Object.entries(properties)
  if (maxProperties === 1 && entries.length > 0)
    return fc.oneof(...entries.map(([name, schema]) => fc.record({ [name]: valuesOf(schema) })))
  const model = Object.fromEntries(entries.map(([name, schema]) => [name, valuesOf(schema)]))
  return fc.record(model, { requiredKeys: [...required] })
}

function texts({ pattern, format, minLength = 0, maxLength = 40 }: Schema): Value {
  if (format === 'date-time')
    return fc.oneof({ weight: 9, arbitrary: validDate }, { weight: 1, arbitrary: extremeDate })
  if (pattern !== undefined) return matching(pattern)
  // Any Unicode that UTF-8 can encode: control characters, emoji, right-to-left marks.
  return fc.string({ unit: 'binary', minLength, maxLength: Math.min(maxLength, minLength + 20) })
}

/** fast-check does not support lookaheads: without them some values violate the pattern, which is acceptable. */
function matching(pattern: string): fc.Arbitrary<string> {
  return fc.stringMatching(new RegExp(pattern.replaceAll(/\(\?[!=](?:[^()]|\([^()]*\))*\)/g, '')))
}

/** Hostile values. */
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    ...[null, true, 0, -1, 0.5, 2 ** 31, 2 ** 53, 1e21, '', ' ', '\u0000', 'a\u0000b', '\ud800', 'x'.repeat(70_000)],
    ...[
      '../../etc/passwd',
      "'; DROP TABLE workloads; --",
      '%00',
      '\r\nx: y',
      '__proto__',
      '{}',
      '2024-02-30',
      '\u202e',
    ],
    ...[[], {}, [[]], [null], { $ref: '#' }, { toString: 1 }, { constructor: {} }, { length: -1 }, { 'a/b~c': 1 }],
  ),
  fc.jsonValue({ maxDepth: 3 }),
)

const validDate = fc.date({ noInvalidDate: true }).map((date) => date.toISOString())
/** Valid format, but not representable everywhere. */
const extremeDate = fc.constantFrom('2030-12-31T23:59:60Z', '9999-12-31T23:59:59-12:00', '0000-01-01T00:00:00+14:00')

/** `values` with one mutation: a hostile value, a removed field or an additional one. */
export function mutate(values: Value): Value {
  return fc
    .tuple(values, fc.nat(), fc.constantFrom('replace', 'remove', 'add'), hostile)
    .map(([value, at, how, bad]) => {
      const copy = structuredClone(value)
      const slots = slotsIn(copy)
      const slot = slots[at % Math.max(slots.length, 1)]
      if (slot === undefined) return bad
      change(slot, how, bad)
      return copy
    })
}

function change({ holder, key }: Slot, how: string, bad: unknown): void {
  if (how === 'replace') holder[key] = bad
  else if (Array.isArray(holder)) how === 'add' ? holder.push(bad) : holder.splice(Number(key), 1)
  else if (how === 'add') holder[typeof bad === 'string' ? bad.slice(0, 200) : 'surplus'] = bad
  else delete holder[key]
}

interface Slot {
  holder: Record<string, unknown>
  key: string
}

function slotsIn(value: unknown): Slot[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...slotsIn(holder[key])])
}
