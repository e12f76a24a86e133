import { describe, expect, it } from 'vitest'
import { makeScenarios } from '../../../src/commands/demo-scenarios.ts'
import { requestExamples, responseExamples } from '../../../src/openapi/examples/examples.ts'
import { successOf } from '../../../src/openapi/insert-examples.ts'
import { sandboxProviders } from '../../../src/sandbox/registry.ts'
import { document, type Schema } from '../../support/contract.ts'
import { servedSchemas } from '../../support/served-schemas.ts'

const service = await servedSchemas()

const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))
/** Ids of the operations that document a request body, and of those that document a response body. */
const withRequestBody = operations.flatMap(({ operationId, requestBody }) =>
  requestBody === undefined ? [] : [operationId],
)
const withResponseBody = operations.flatMap(({ operationId, responses }) =>
  successOf(responses as never)?.schema === undefined ? [] : [operationId],
)

function schemaOf(operationId: string, part: 'body' | 'answer'): Schema {
  const schema = service.operations.get(operationId)?.[part]
  if (schema === undefined) throw new Error(`The service has no schema of the ${part} of ${operationId}.`)
  return schema
}

describe('request examples', () => {
  it.each(withRequestBody)('%s has one to three examples that the service accepts', (operationId) => {
    const examples = Object.values(requestExamples[operationId] ?? {})
    expect(examples.length).toBeGreaterThan(0)
    expect(examples.length).toBeLessThan(4)
    for (const { summary, value } of examples) {
      expect(summary).toMatch(/^[A-Z]/)
      expect(service.errorsOf(schemaOf(operationId, 'body'), value)).toEqual([])
    }
  })

  it('exist only for operations with a request body', () => {
    expect(Object.keys(requestExamples).toSorted()).toEqual(withRequestBody.toSorted())
  })

  it('are demo requests for jobs and environments', () => {
    const accounts = Object.fromEntries(
      Object.entries(sandboxProviders).map(([id, provider]) => [id, provider.accounts[0]]),
    )
    const stories = makeScenarios({ accounts: accounts as never })
    const demoRequests = stories.flatMap(({ job, environment }) => [job, environment])
    for (const operationId of ['submitJob', 'createEnvironment'])
      for (const { value } of Object.values(requestExamples[operationId] ?? {})) {
        const { environmentId: _, ...request } = value as { environmentId?: string }
        expect(demoRequests).toContainEqual(request)
      }
  })
})

describe('response examples', () => {
  it.each(withResponseBody)('%s has an example that matches the response schema', (operationId) => {
    const example = responseExamples[operationId]
    const schema = schemaOf(operationId, 'answer')
    expect(service.errorsOf(schema, example)).toEqual([])
    // Serialization drops what the schema does not name.
    if (schema.type !== 'string')
      expect(JSON.parse(service.serialized(schema, example))).toMatchObject(example as object)
  })

  it('exist only for operations with a response body', () => {
    expect(Object.keys(responseExamples).toSorted()).toEqual(withResponseBody.toSorted())
  })
})

it('the example validator rejects invalid values', () => {
  const job = schemaOf('submitJob', 'body')
  expect(service.errorsOf(job, { name: 'a', nodes: 1 })).not.toEqual([])
  expect(service.errorsOf(job, {})).not.toEqual([])
  expect(service.errorsOf(schemaOf('submitJobBatch', 'body'), { jobs: [{}] })).not.toEqual([])
  expect(service.errorsOf(schemaOf('getJob', 'answer'), { status: 'done' })).not.toEqual([])
})

it('query parameters have no examples, which documentation pages would send as filters', () => {
  const parameters = operations.flatMap(({ parameters: own = [] }) => own)
  const filters = parameters.filter(({ in: location }) => location === 'query') as readonly object[]
  expect(filters.length).toBeGreaterThan(20)
  expect(filters.filter((each) => 'example' in each || 'examples' in each)).toEqual([])
})
