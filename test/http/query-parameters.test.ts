import { Type } from '@sinclair/typebox'
import fastify from 'fastify'
import { expect, it } from 'vitest'
import { rejectUnknownParameters } from '../../src/http/query-parameters.ts'
import { requestExamples } from '../../src/openapi/examples/examples.ts'
import { useApiBench } from '../support/api-bench.ts'
import { type Operation, operations } from '../support/contract.ts'
import { jobRequest } from '../support/dataforest-account.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()

const prefixes: Readonly<Record<string, string>> = {
  ...{ jobs: 'job', environments: 'env', connections: 'conn', projects: 'prj' },
  ...{ 'api-keys': 'key', 'webhook-endpoints': 'whk' },
  ...{ attention: 'job', 'creation-holds': 'hold' },
}

/** The path with well-formed ids of records that do not exist. */
function pathOf({ path }: Operation): string {
  const id = `${prefixes[path.split('/')[1] ?? '']}_01h455vb4pex5vsknk084sn02q`
  return path
    .replace('{id}', id)
    .replace('{deliveryId}', 'whd_01h455vb4pex5vsknk084sn02q')
    .replace('{provider}', 'slurm')
}

/** A valid body, since bodies are validated first. */
function bodyOf({ id }: Operation): object {
  const [example] = Object.values(requestExamples[id] ?? {})
  return Object(example?.value)
}

/** Probes ignore parameters that a load balancer appends. */
const open = operations.filter(({ path }) => ['/livez', '/readyz'].includes(path))

it.each(operations.filter((operation) => !open.includes(operation)))(
  '$method $path rejects an unknown parameter',
  async (operation) => {
    const response = await bench.api.call(
      operation.method,
      `${pathOf(operation)}?nonsense=1`,
      operation.body === null ? {} : { body: bodyOf(operation) },
    )
    expectProblem(response, response.body)
    expect(response.body).toMatchObject({
      status: 400,
      code: 'invalid_request',
      errors: [{ in: 'query', pointer: 'nonsense' }],
    })
  },
)

it.each(open)('$method $path ignores an unknown parameter', async ({ method, path }) => {
  expect((await bench.api.call(method, `${path}?nonsense=1`)).status).toBe(200)
})

it('dryRun in the query does not submit a job', async () => {
  const { api, connections } = bench
  const before = (await api.ok('GET', '/jobs')).data
  const body = jobRequest({ connectionId: connections.dataforest })
  const response = await api.call('POST', '/jobs?dryRun=true', { body })
  expect(response.body).toMatchObject({
    status: 400,
    detail: 'dryRun is not a known query parameter: this operation has none. Remove it.',
  })
  expect((await api.ok('GET', '/jobs')).data).toEqual(before)
})

it('the error for an unknown parameter suggests the closest known one', async () => {
  const { body } = await bench.api.call('GET', '/jobs?lables=team%3Avision')
  expect(body.detail).toBe(
    'lables is not a known query parameter. Remove it, or correct its name. Did you mean `label`?',
  )
})

it('a route whose schema permits any parameter cannot be registered', async () => {
  const server = fastify()
  rejectUnknownParameters(server)
  const querystring = Type.Object({ limit: Type.Optional(Type.Integer()) })
  expect(() => server.get('/open', { schema: { querystring } }, async () => null)).toThrow(
    'GET /open permits any query parameter',
  )
})
