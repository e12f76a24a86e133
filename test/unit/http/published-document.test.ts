import { describe, expect, it } from 'vitest'
import { document, type Schema } from '../../support/contract.ts'

type Visit = (schema: Schema, at: string) => void

interface Operation {
  operationId: string
  parameters?: readonly { name: string; schema: Schema }[]
  requestBody?: { content: Readonly<Record<string, { schema: Schema }>> }
  responses: Readonly<Record<string, { $ref?: string; content?: Readonly<Record<string, { schema: Schema }>> }>>
}

const { schemas } = document.components
const operations = Object.values(document.paths).flatMap((item) => Object.values(item)) as unknown as Operation[]

/** Visits a schema and all schemas inside it, without following references. */
function walk(schema: Schema, at: string, visit: Visit): void {
  visit(schema, at)
  for (const [name, inner] of Object.entries(schema.properties ?? {})) walk(inner, `${at}.${name}`, visit)
  for (const inner of schema.anyOf ?? []) walk(inner, at, visit)
  for (const inner of [schema.items, schema.additionalProperties, schema.propertyNames])
    if (typeof inner === 'object') walk(inner, `${at}[]`, visit)
}

function schemasOf({ parameters = [], requestBody, responses }: Operation) {
  const contents = (part: { content?: Readonly<Record<string, { schema: Schema }>> } | undefined) =>
    Object.values(part?.content ?? {}).map(({ schema }) => schema)
  return {
    sent: [...parameters.map(({ schema }) => schema), ...contents(requestBody)],
    received: Object.values(responses).flatMap(contents),
  }
}

/** Names of the components that schemas contain, directly or inside others. */
function reached(from: readonly Schema[]): ReadonlySet<string> {
  const found = new Set<string>()
  const visit: Visit = ({ $ref }) => {
    const name = $ref?.split('/').at(-1)
    if (name === undefined || found.has(name)) return
    found.add(name)
    walk(schemas[name] ?? {}, name, visit)
  }
  for (const schema of from) walk(schema, '', visit)
  return found
}

/** Where a schema has a fault, among components, or components and schemas that stand in operations. */
function faults(hasFault: (schema: Schema, at: string) => boolean, names = Object.keys(schemas)): string[] {
  const found: string[] = []
  const visit: Visit = (schema, at) => void (hasFault(schema, at) && found.push(at))
  for (const name of names) walk(schemas[name] ?? {}, name, visit)
  return found
}

/** A map of a component, without null. */
function mapOf(name: string, field: string): Schema | undefined {
  const schema = schemas[name]?.properties?.[field]
  return schema?.anyOf?.[0] ?? schema
}

const everywhere = (hasFault: (schema: Schema) => boolean) => [
  ...faults(hasFault),
  ...operations.flatMap((operation) => {
    const { sent, received } = schemasOf(operation)
    const found: string[] = []
    for (const schema of [...sent, ...received])
      walk(schema, operation.operationId, (each, at) => void (hasFault(each) && found.push(at)))
    return found
  }),
]

const sentNames = [...reached(operations.flatMap((operation) => schemasOf(operation).sent))]
const receivedNames = [...reached(operations.flatMap((operation) => schemasOf(operation).received))]

describe('the published document', () => {
  it('is read as a whole', () => {
    expect(operations.length).toBeGreaterThan(55)
    expect(sentNames).toEqual(expect.arrayContaining(['JobRequest', 'Resources', 'SlurmSettingsPatch']))
    expect(receivedNames).toEqual(expect.arrayContaining(['Job', 'ResourcesView', 'Failure']))
  })

  it('has no default, which generated clients would send', () => {
    expect(everywhere((schema) => 'default' in schema)).toEqual([])
  })

  it('states each default of a request in words', () => {
    const { nodes } = schemas.Resources?.properties ?? {}
    expect(nodes?.description).toBe('Number of nodes. Defaults to `1`.')
    expect(schemas.JupyterhubSettings?.properties?.clientOptions?.description).toMatch(/ Empty by default\.$/)
  })

  it('has no list of types', () => {
    expect(everywhere(({ type }) => Array.isArray(type))).toEqual([])
  })

  it('has no operation id that is another one with Raw, nor any twice', () => {
    const ids = operations.map(({ operationId }) => operationId.toLowerCase())
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => id.endsWith('raw') && ids.includes(id.slice(0, -3)))).toEqual([])
  })

  it('names a component once, in any spelling and of any type', () => {
    const names = Object.values(document.components).flatMap((part) => Object.keys(part))
    const spellings = names.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
    expect(spellings.filter((name, at) => spellings.indexOf(name) !== at)).toEqual([])
  })

  it('has no component with the name that a generator gives to the value of a property', () => {
    const derived = Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties).flatMap(([property, { $ref }]) =>
        $ref === undefined ? [`${name}${property}`.toLowerCase()] : [],
      ),
    )
    expect(Object.keys(schemas).filter((name) => derived.includes(name.toLowerCase()))).toEqual([])
  })

  it('names every object', () => {
    expect(everywhere(({ title }) => title !== undefined)).toEqual([])
    expect(faults(({ properties }, at) => properties !== undefined && schemas[at] === undefined)).toEqual([])
  })

  it('names the enums of sets, and no other', () => {
    const named = Object.keys(schemas).filter((name) => schemas[name]?.enum !== undefined)
    const sets = new Set<string>()
    const isInline = ({ uniqueItems, items }: Schema) => {
      if (uniqueItems === true && items?.$ref !== undefined) sets.add(items.$ref.split('/').at(-1) ?? '')
      return uniqueItems === true && items?.enum !== undefined
    }
    expect(faults(isInline)).toEqual([])
    expect([...sets].sort()).toEqual(named.sort())
    const values = named.flatMap((name) => schemas[name]?.enum ?? [])
    expect(new Set(values).size).toBe(values.length)
  })

  it('shares the problem responses, one of them for every other error of each operation', () => {
    for (const { operationId, responses } of operations) {
      expect(responses.default, operationId).toEqual({ $ref: '#/components/responses/UnexpectedError' })
      const own = Object.values(responses).filter(({ content = {} }) => 'application/problem+json' in content)
      expect(own, operationId).toEqual([])
    }
  })

  it('gives the pattern of keys of labels and variables', () => {
    for (const name of ['JobRequest', 'EnvironmentRequest', 'JobPatch', 'EnvironmentPatch', 'EnvironmentImport'])
      expect(mapOf(name, 'labels')?.propertyNames?.pattern, name).toMatch(/^\^\[a-z0-9\]/)
    for (const name of ['JobRequest', 'EnvironmentRequest', 'EnvironmentPatch'])
      for (const field of ['environmentVariables', 'secretVariables'])
        expect(mapOf(name, field)?.propertyNames?.pattern, name).toMatch(/^\^\[A-Za-z_\]/)
  })

  it('accepts null for every list and map in a change, which clients for Java otherwise send empty', () => {
    const names = Object.keys(schemas).filter((name) => name.endsWith('Patch') || name === 'JobFilter')
    const properties = names.flatMap((name) => Object.entries(schemas[name]?.properties ?? {}))
    const isContainer = ({ type, properties: own }: Schema) => type === 'array' || (type === 'object' && !own)
    expect(properties.filter(([, schema]) => isContainer(schema))).toEqual([])
    const nullable = properties.filter(([, { anyOf = [] }]) => anyOf.some(isContainer))
    expect(nullable.length).toBeGreaterThan(15)
  })

  it('has the rules of requests in requests only', () => {
    const rules = ['minLength', 'maxLength', 'pattern', 'minimum', 'maximum', 'minItems', 'maxItems', 'uniqueItems']
    const hasRule = (schema: Schema) =>
      [...rules, 'minProperties', 'maxProperties', 'propertyNames'].some((rule) => rule in schema) ||
      schema.additionalProperties === false
    expect(
      faults(
        hasRule,
        receivedNames.filter((name) => !sentNames.includes(name)),
      ),
    ).toEqual([])
    expect(receivedNames.filter((name) => sentNames.includes(name) && faults(hasRule, [name]).length > 0)).toEqual([])
    expect(faults(({ maxLength }) => maxLength !== undefined, sentNames).length).toBeGreaterThan(100)
  })

  it('says of each list of values in an answer whether it may grow', () => {
    expect(faults((schema) => schema.enum !== undefined, receivedNames)).toEqual([
      'Job.status',
      'Environment.status',
      'ProjectEvent.kind',
    ])
    const isUntold = ({ enum: values, 'x-extensible-enum': known, description = '' }: Schema) =>
      (values !== undefined && !/ Closed list\.$/.test(String(description))) ||
      (known !== undefined && !/Known values: `.*Extensible; expect new values\.$/.test(String(description)))
    expect(faults(isUntold, receivedNames)).toEqual([])
    expect(faults((schema) => schema['x-extensible-enum'] !== undefined).length).toBeGreaterThan(10)
  })
})
