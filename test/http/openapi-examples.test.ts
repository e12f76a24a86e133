import { afterAll, beforeAll, expect, it } from 'vitest'
import { requestExamples } from '../../src/openapi/examples/examples.ts'
import { ids } from '../../src/openapi/examples/ids.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { operations } from '../support/contract.ts'

let bench: ApiBench
/** Ids of this test's records by the ids in the examples. */
let recordIds: Readonly<Record<string, string>>

beforeAll(async () => {
  bench = await startApiBench()
  const { ok } = bench.api
  const create = async (path: string, body: object) => (await ok('POST', path, body)).id
  recordIds = {
    [ids.environment]: await create('/environments', { ...exampleOf('createEnvironment', 'workspace'), name: 'own' }),
    [ids.job]: await create('/jobs', exampleOf('submitJob', 'script')),
    [ids.webhookEndpoint]: await create('/webhook-endpoints', exampleOf('createWebhookEndpoint', 'all')),
    [ids.project]: await create('/projects', { name: 'own' }),
    // Last: with two connections to a provider, a request must name one.
    [ids.connection]: await create('/connections', exampleOf('createConnection', 'slurm')),
    [ids.apiKey]: await create('/api-keys', exampleOf('createApiKey', 'submit')),
  }
})
afterAll(() => bench?.stop())

function exampleOf(operation: string, name: string): object {
  const value = requestExamples[operation]?.[name]?.value
  if (typeof value !== 'object' || value === null) throw new Error(`Missing example: ${operation}.${name}.`)
  return operation === 'createConnection' ? { ...value, name: 'own' } : value
}

/** Error codes of requests that need a state which the example cannot create. */
const expectedErrors: Readonly<Record<string, string>> = {
  // No workload needs an operator.
  ...{ 'resolveJob.created': 'conflict', 'resolveJob.notCreated': 'conflict', 'resolveJob.finished': 'conflict' },
  ...{ 'resolveEnvironment.created': 'conflict', 'resolveEnvironment.notCreated': 'conflict' },
  ...{
    'resolveWorkload.object': 'not_found',
    'resolveWorkload.notCreated': 'not_found',
    'resolveWorkload.ended': 'not_found',
  },
  // The environment of this test has another provider, and the host of the example does not exist.
  ...{ 'updateEnvironment.options': 'unsupported', 'importEnvironment.server': 'unprocessable' },
  'importJob.running': 'provider_error',
}

const pathIds: Readonly<Record<string, string>> = {
  connections: ids.connection,
  environments: ids.environment,
  jobs: ids.job,
  attention: ids.job,
  'webhook-endpoints': ids.webhookEndpoint,
  projects: ids.project,
  'api-keys': ids.apiKey,
}

const cases = operations.flatMap(({ id, method, path }) =>
  Object.entries(requestExamples[id] ?? {}).map(([name, { value }]) => ({ id, name, method, path, value })),
)

it.each(cases)('$id accepts its example $name', async ({ id, name, method, path, value }) => {
  const body = JSON.parse(withRecordIds(JSON.stringify(value)))
  const withId = path.replace('{id}', recordIds[pathIds[path.split('/')[1] ?? ''] ?? ''] ?? '')
  const response = await bench.api.call(method, withId, { body: withConnections(body) })
  const expectedError = expectedErrors[`${id}.${name}`]
  if (expectedError !== undefined) return expect(response.body).toMatchObject({ code: expectedError })
  expect(response.status, JSON.stringify(response.body)).toBeLessThan(300)
  // A batch succeeds even if all of its jobs are rejected.
  if (id === 'submitJobBatch') expect(response.body, JSON.stringify(response.body)).toMatchObject({ rejected: 0 })
})

function withRecordIds(text: string): string {
  return Object.entries(recordIds).reduce((result, [example, id]) => result.replaceAll(example, id), text)
}

/** Names the sandbox connections, since this test creates further ones to the same provider. */
function withConnections({ jobs, provider, ...body }: { jobs?: readonly object[]; provider?: string }): object {
  return {
    ...body,
    ...(jobs === undefined ? {} : { jobs: jobs.map(withConnections) }),
    ...(provider === undefined ? {} : { connectionId: bench.connections[provider] }),
  }
}
