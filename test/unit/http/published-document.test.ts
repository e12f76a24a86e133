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
function visitSchemas(schema: Schema, at: string, visit: Visit): void {
  visit(schema, at)
  for (const [name, inner] of Object.entries(schema.properties ?? {})) visitSchemas(inner, `${at}.${name}`, visit)
  for (const inner of schema.anyOf ?? []) visitSchemas(inner, at, visit)
  for (const inner of [schema.items, schema.additionalProperties, schema.propertyNames])
    if (typeof inner === 'object') visitSchemas(inner, `${at}[]`, visit)
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
function referencedNames(from: readonly Schema[]): ReadonlySet<string> {
  const found = new Set<string>()
  const visit: Visit = ({ $ref }) => {
    const name = $ref?.split('/').at(-1)
    if (name === undefined || found.has(name)) return
    found.add(name)
    visitSchemas(schemas[name] ?? {}, name, visit)
  }
  for (const schema of from) visitSchemas(schema, '', visit)
  return found
}

/** Paths of matching schemas in the named components. */
function pathsOf(isMatch: (schema: Schema, at: string) => boolean, names = Object.keys(schemas)): string[] {
  const found: string[] = []
  const visit: Visit = (schema, at) => void (isMatch(schema, at) && found.push(at))
  for (const name of names) visitSchemas(schemas[name] ?? {}, name, visit)
  return found
}

/** A map field of a component, without its null variant. */
function mapOf(name: string, field: string): Schema | undefined {
  const schema = schemas[name]?.properties?.[field]
  return schema?.anyOf?.[0] ?? schema
}

const everywhere = (isMatch: (schema: Schema) => boolean) => [
  ...pathsOf(isMatch),
  ...operations.flatMap((operation) => {
    const { sent, received } = schemasOf(operation)
    const found: string[] = []
    for (const schema of [...sent, ...received])
      visitSchemas(schema, operation.operationId, (each, at) => void (isMatch(each) && found.push(at)))
    return found
  }),
]

const sentNames = [...referencedNames(operations.flatMap((operation) => schemasOf(operation).sent))]
const receivedNames = [...referencedNames(operations.flatMap((operation) => schemasOf(operation).received))]

describe('published document', () => {
  it('contains the expected operations and components', () => {
    expect(operations.length).toBeGreaterThan(55)
    expect(sentNames).toEqual(expect.arrayContaining(['JobRequest', 'Resources', 'SlurmSettingsPatch']))
    expect(receivedNames).toEqual(expect.arrayContaining(['Job', 'ResourcesView', 'Failure']))
  })

  it('contains no default values, which generated clients would send', () => {
    expect(everywhere((schema) => 'default' in schema)).toEqual([])
  })

  it('describes request defaults in text', () => {
    const { nodes } = schemas.Resources?.properties ?? {}
    expect(nodes?.description).toBe('Number of nodes. Defaults to `1`.')
    expect(schemas.JupyterhubSettings?.properties?.clientOptions?.description).toMatch(/ Empty by default\.$/)
  })

  it('contains no type lists', () => {
    expect(everywhere(({ type }) => Array.isArray(type))).toEqual([])
  })

  it('has unique operation ids, also without the suffix Raw', () => {
    const ids = operations.map(({ operationId }) => operationId.toLowerCase())
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids.filter((id) => id.endsWith('raw') && ids.includes(id.slice(0, -3)))).toEqual([])
  })

  it('has unique component names, ignoring case and punctuation', () => {
    const names = Object.values(document.components).flatMap((part) => Object.keys(part))
    const spellings = names.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''))
    expect(spellings.filter((name, at) => spellings.indexOf(name) !== at)).toEqual([])
  })

  it('has no component named like the generated type of a property', () => {
    const derived = Object.entries(schemas).flatMap(([name, { properties = {} }]) =>
      Object.entries(properties).flatMap(([property, { $ref }]) =>
        $ref === undefined ? [`${name}${property}`.toLowerCase()] : [],
      ),
    )
    expect(Object.keys(schemas).filter((name) => derived.includes(name.toLowerCase()))).toEqual([])
  })

  it('defines every object as a component and has no titles', () => {
    expect(everywhere(({ title }) => title !== undefined)).toEqual([])
    expect(pathsOf(({ properties }, at) => properties !== undefined && schemas[at] === undefined)).toEqual([])
  })

  it('defines exactly the enums of sets as components', () => {
    const named = Object.keys(schemas).filter((name) => schemas[name]?.enum !== undefined)
    const sets = new Set<string>()
    const isInline = ({ uniqueItems, items }: Schema) => {
      if (uniqueItems === true && items?.$ref !== undefined) sets.add(items.$ref.split('/').at(-1) ?? '')
      return uniqueItems === true && items?.enum !== undefined
    }
    expect(pathsOf(isInline)).toEqual([])
    expect([...sets].sort()).toEqual(named.sort())
    const values = named.flatMap((name) => schemas[name]?.enum ?? [])
    expect(new Set(values).size).toBe(values.length)
  })

  it('shares the problem responses and has a default error for each operation', () => {
    for (const { operationId, responses } of operations) {
      expect(responses.default, operationId).toEqual({ $ref: '#/components/responses/UnexpectedError' })
      const own = Object.values(responses).filter(({ content = {} }) => 'application/problem+json' in content)
      expect(own, operationId).toEqual([])
    }
  })

  it('has key patterns for labels and variables', () => {
    for (const name of [
      'JobRequest',
      'EnvironmentRequest',
      'JobPatch',
      'EnvironmentPatch',
      'JobImport',
      'EnvironmentImport',
    ])
      expect(mapOf(name, 'labels')?.propertyNames?.pattern, name).toMatch(/^\^\[a-z0-9\]/)
    for (const name of ['JobRequest', 'EnvironmentRequest', 'EnvironmentPatch'])
      for (const field of ['environmentVariables', 'secretVariables'])
        expect(mapOf(name, field)?.propertyNames?.pattern, name).toMatch(/^\^\[A-Za-z_\]/)
  })

  it('accepts null for every list and map in a patch', () => {
    const names = Object.keys(schemas).filter((name) => name.endsWith('Patch') || name === 'JobFilter')
    const properties = names.flatMap((name) => Object.entries(schemas[name]?.properties ?? {}))
    const isContainer = ({ type, properties: own }: Schema) => type === 'array' || (type === 'object' && !own)
    expect(properties.filter(([, schema]) => isContainer(schema))).toEqual([])
    const nullable = properties.filter(([, { anyOf = [] }]) => anyOf.some(isContainer))
    expect(nullable.length).toBeGreaterThan(15)
  })

  it('has validation rules in request schemas only', () => {
    const rules = ['minLength', 'maxLength', 'pattern', 'minimum', 'maximum', 'minItems', 'maxItems', 'uniqueItems']
    const hasRule = (schema: Schema) =>
      [...rules, 'minProperties', 'maxProperties', 'propertyNames'].some((rule) => rule in schema) ||
      schema.additionalProperties === false
    expect(
      pathsOf(
        hasRule,
        receivedNames.filter((name) => !sentNames.includes(name)),
      ),
    ).toEqual([])
    expect(receivedNames.filter((name) => sentNames.includes(name) && pathsOf(hasRule, [name]).length > 0)).toEqual([])
    expect(pathsOf(({ maxLength }) => maxLength !== undefined, sentNames).length).toBeGreaterThan(100)
  })

  it('describes each enum in a response as closed or extensible', () => {
    expect(pathsOf((schema) => schema.enum !== undefined, receivedNames)).toEqual([
      'Job.status',
      'Environment.status',
      'ProjectEvent.kind',
    ])
    const lacksNote = ({ enum: values, 'x-extensible-enum': known, description = '' }: Schema) =>
      (values !== undefined && !/ Closed list\.$/.test(String(description))) ||
      (known !== undefined && !/Known values: `.*Extensible; expect new values\.$/.test(String(description)))
    expect(pathsOf(lacksNote, receivedNames)).toEqual([])
    expect(pathsOf((schema) => schema['x-extensible-enum'] !== undefined).length).toBeGreaterThan(10)
  })
})
