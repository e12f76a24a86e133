import { describe, expect, it } from 'vitest'
import { makeStories } from '../../../src/commands/demo-scenarios.ts'
import { answerExamples, requestExamples } from '../../../src/openapi/examples/examples.ts'
import { successOf } from '../../../src/openapi/insert-examples.ts'
import { sandboxProviders } from '../../../src/sandbox/registry.ts'
import { document, type Schema } from '../../support/contract.ts'
import { servedSchemas } from '../../support/served-schemas.ts'

const service = await servedSchemas()

const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
/** Of the operations that are documented with a body, and with an answer. */
const bodies = operations.flatMap(({ operationId, requestBody }) => (requestBody === undefined ? [] : [operationId]))
const answers = operations.flatMap(({ operationId, responses }) =>
  successOf(responses as never)?.schema === undefined ? [] : [operationId],
)

function schemaOf(operationId: string, part: 'body' | 'answer'): Schema {
  const schema = service.operations.get(operationId)?.[part]
  if (schema === undefined) throw new Error(`The service has no schema of the ${part} of ${operationId}.`)
  return schema
}

describe('request bodies', () => {
  it.each(bodies)('%s has one to three examples that the service accepts', (operationId) => {
    const examples = Object.values(requestExamples[operationId] ?? {})
    expect(examples.length).toBeGreaterThan(0)
    expect(examples.length).toBeLessThan(4)
    for (const { summary, value } of examples) {
      expect(summary).toMatch(/^[A-Z]/)
      expect(service.errorsOf(schemaOf(operationId, 'body'), value)).toEqual([])
    }
  })

  it('are the only ones with examples', () => {
    expect(Object.keys(requestExamples).toSorted()).toEqual(bodies.toSorted())
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
  it.each(answers)('%s has an example that the service could send', (operationId) => {
    const example = answerExamples[operationId]
    const schema = schemaOf(operationId, 'answer')
    expect(service.errorsOf(schema, example)).toEqual([])
    // Serialization drops what the schema does not name.
    if (schema.type !== 'string')
      expect(JSON.parse(service.serialized(schema, example))).toMatchObject(example as object)
  })

  it('are the only ones with examples', () => {
    expect(Object.keys(answerExamples).toSorted()).toEqual(answers.toSorted())
  })
})

it('the validator of this test rejects what the service rejects', () => {
  const job = schemaOf('submitJob', 'body')
  expect(service.errorsOf(job, { name: 'a', nodes: 1 })).not.toEqual([])
  expect(service.errorsOf(job, {})).not.toEqual([])
  expect(service.errorsOf(schemaOf('submitJobBatch', 'body'), { jobs: [{}] })).not.toEqual([])
  expect(service.errorsOf(schemaOf('getJob', 'answer'), { status: 'done' })).not.toEqual([])
})

it('no query parameter has an example, which documentation pages would send as a filter', () => {
  const parameters = operations.flatMap(({ parameters: own = [] }) => own)
  const filters = parameters.filter(({ in: place }) => place === 'query') as readonly object[]
  expect(filters.length).toBeGreaterThan(20)
  expect(filters.filter((each) => 'example' in each || 'examples' in each)).toEqual([])
})
