import { describe, expect, it } from 'vitest'
import { makeStories } from '../../../src/commands/demo-scenarios.ts'
import { compilersFactory } from '../../../src/http/compilers.ts'
import { answerExamples, requestExamples } from '../../../src/openapi/examples/examples.ts'
import { successOf } from '../../../src/openapi/insert-examples.ts'
import { sandboxProviders } from '../../../src/sandbox/registry.ts'
import { document, type Schema } from '../../support/contract.ts'

type Validate = ((value: unknown) => boolean) & { errors?: readonly object[] | null }
type Build = (schemas: object, options?: object) => (route: { schema: object; httpPart: string }) => Validate
type BuildSerializer = (schemas: object) => (route: { schema: object }) => (value: unknown) => string

/** The components as the service knows them: by name. */
const components = Object.fromEntries(
  Object.entries(document.components.schemas).map(([name, schema]) => [name, { ...byName(schema), $id: name }]),
)
const { buildValidator, buildSerializer } = compilersFactory as unknown as {
  buildValidator: Build
  buildSerializer: BuildSerializer
}
const validatorOf = buildValidator(components)
const serializerOf = buildSerializer(components)

function byName(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('#/components/schemas/', ''))
}

const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
const bodies = operations.flatMap(({ operationId, requestBody }) =>
  Object.values(requestBody?.content ?? {}).map(({ schema }) => ({ operationId, schema })),
)
const answers = operations.flatMap(({ operationId, responses }) => {
  const schema = successOf(responses as never)?.schema
  return schema === undefined ? [] : [{ operationId, schema: schema as Schema }]
})

function errorsOf(schema: Schema, value: unknown): unknown {
  const validate = validatorOf({ schema: byName(schema), httpPart: 'body' })
  return validate(value) ? [] : validate.errors
}

describe('request bodies', () => {
  it.each(bodies)('$operationId has one to three examples that the service accepts', ({ operationId, schema }) => {
    const examples = Object.values(requestExamples[operationId] ?? {})
    expect(examples.length).toBeGreaterThan(0)
    expect(examples.length).toBeLessThan(4)
    for (const { summary, value } of examples) {
      expect(summary).toMatch(/^[A-Z]/)
      expect(errorsOf(schema, value)).toEqual([])
    }
  })

  it('are the only ones with examples', () => {
    expect(Object.keys(requestExamples).toSorted()).toEqual(bodies.map(({ operationId }) => operationId).toSorted())
  })

  it('of jobs and environments are those of the demo', () => {
    const accounts = Object.fromEntries(
      Object.entries(sandboxProviders).map(([id, provider]) => [id, provider.accounts[0]]),
    )
    const stories = makeStories({ accounts: accounts as never })
    const told = stories.flatMap(({ job, environment }) => [job, environment])
    for (const operationId of ['submitJob', 'createEnvironment'])
      for (const { value } of Object.values(requestExamples[operationId] ?? {})) {
        const { environmentId: _, ...request } = value as { environmentId?: string }
        expect(told).toContainEqual(request)
      }
  })
})

describe('success responses', () => {
  it.each(answers)('$operationId has an example that the service could send', ({ operationId, schema }) => {
    const example = answerExamples[operationId]
    expect(errorsOf(schema, example)).toEqual([])
    // Serialization drops what the schema does not name.
    if (schema.type !== 'string')
      expect(JSON.parse(serializerOf({ schema: byName(schema) })(example))).toMatchObject(example as object)
  })

  it('are the only ones with examples', () => {
    expect(Object.keys(answerExamples).toSorted()).toEqual(answers.map(({ operationId }) => operationId).toSorted())
  })
})

it('the validator of this test rejects what the service rejects', () => {
  const JobRequest = { $ref: '#/components/schemas/JobRequest' }
  expect(errorsOf(JobRequest, { name: 'a', nodes: 1 })).not.toEqual([])
  expect(errorsOf(JobRequest, {})).not.toEqual([])
})

it('no query parameter has an example, which documentation pages would send as a filter', () => {
  const parameters = operations.flatMap(({ parameters: own = [] }) => own)
  const filters = parameters.filter(({ in: place }) => place === 'query') as readonly object[]
  expect(filters.length).toBeGreaterThan(20)
  expect(filters.filter((each) => 'example' in each || 'examples' in each)).toEqual([])
})
