import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { makeScenarios } from '../../src/commands/demo-scenarios.ts'
import { sandboxConnection, sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import type { Caller } from '../../src/http/caller.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { wholeText } from '../support/api-caller.ts'
import { type Operation, operations, type Schema } from '../support/contract.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { expectProblem } from '../support/problems.ts'
import { mutate, valuesOf } from '../support/schema-arbitrary.ts'
import { testApiKey } from '../support/switchyard.ts'
import { makeUnconnectedApp } from '../support/unconnected-app.ts'

/** Requests per route. FUZZ_SEED reproduces a failure. */
const numRuns = fuzzRuns
/** One in five requests that pass validation is sent to the service; failures shrink towards such a request. */
const isSentToService = fc.nat({ max: 4 }).map((drawn) => drawn === 0)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }

let bench: ApiBench
/** The same routes without their handlers, at a tenth of the cost. Most requests are only validated here. */
let validator: HttpServer
/** A record of each kind, for routes about one and bodies that name one. */
const ids: Record<string, string> = {}
/** Valid bodies to mutate: one invalid value in them reaches more code than random bodies. */
let validBodies: Readonly<Record<string, readonly object[]>>

beforeAll(async () => {
  ;[bench, validator] = await Promise.all([startApiBench({ settings: { requestRate: null } }), makeValidator()])
  const { api, connections, sandbox } = bench
  const connection = sandboxConnection(sandbox, 'dataforest')
  ids.connections = (await api.ok('POST', '/connections', { ...connection, name: 'to-be-changed' })).id
  ids.projects = (await api.ok('POST', '/projects', { name: 'to-be-changed' })).id
  const key = { projectId: ids.projects, name: 'to-be-rotated', scopes: ['jobs:read'] }
  ids['api-keys'] = (await api.ok('POST', '/api-keys', key)).id
  const scenarios = makeScenarios(sandbox)
  const environmentsByConnection = new Map<string, ApiRecord>()
  const environments = scenarios.flatMap(({ provider, environment }) =>
    environment === undefined ? [] : [{ ...without(environment, 'provider'), connectionId: connections[provider] }],
  )
  for (const body of environments)
    environmentsByConnection.set(body.connectionId ?? '', await api.ok('POST', '/environments', body))
  // Jobs without a provider run in the environment of their scenario.
  const jobs = scenarios.flatMap(({ provider, job }): object[] => {
    if (job === undefined) return []
    const connectionId = connections[provider]
    if ('provider' in job) return [{ ...without(job, 'provider'), connectionId }]
    return [{ ...job, environmentId: environmentsByConnection.get(connectionId ?? '')?.id }]
  })
  ids.environments = environmentsByConnection.get(connections.aitems ?? '')?.id ?? ''
  ids.jobs = (await api.ok('POST', '/jobs', jobs[0])).id
  ids.attention = ids.jobs
  ids['creation-holds'] = (await api.ok('POST', '/creation-holds', { projectId: ids.projects })).id
  const endpoint = { url: 'http://127.0.0.1:9/hook', eventTypes: ['job.*'] }
  ids['webhook-endpoints'] = (await api.ok('POST', '/webhook-endpoints', endpoint)).id
  ids.deliveryId = (await api.ok('POST', `/webhook-endpoints/${ids['webhook-endpoints']}/test`)).id
  validBodies = {
    submitJob: jobs,
    previewJob: jobs,
    submitJobBatch: [{ jobs }, ...jobs.map((job, index) => ({ jobs: [{ ...job, idempotencyKey: `key-${index}` }] }))],
    cancelJobBatch: [{ filter: { label: ['team:none'] } }, { filter: { active: false }, dryRun: true, limit: 5 }],
    createEnvironment: environments,
    previewEnvironment: environments,
    updateEnvironment: scenarios.flatMap(({ unblock }) => (unblock === undefined ? [] : [unblock])),
    importJob: Object.values(connections).map((id) => ({ connectionId: id, remoteId: '4711' })),
    importEnvironment: Object.values(connections).map((id) => ({ connectionId: id, remoteId: '4711' })),
    createConnection: sandboxConnections(sandbox),
    updateConnection: sandboxConnections(sandbox),
    createApiKey: [key],
    createWebhookEndpoint: [endpoint],
    updateWebhookEndpoint: [endpoint],
    resolveWorkload: [{ outcome: 'not_created' }, { remoteId: '4711' }, { status: 'failed' }],
    resolveAttention: [{ filter: { provider: 'slurm' }, resolution: { outcome: 'retry' }, dryRun: true }],
    createCreationHold: [{ projectId: ids.projects, note: 'maintenance' }],
    replayWebhookEndpoint: [{ since: '2024-01-01T00:00:00Z' }],
  }
})

afterAll(() => Promise.all([bench?.stop(), validator?.close()]))

/** Returns 204 instead of calling the handler of a route. */
function makeValidator(): Promise<HttpServer> {
  const caller: Caller = {
    ...{ projectId: 'prj', scopes: new Set(['admin'] as const) },
    by: { subject: 'key', address: '', requestId: '' },
  }
  return makeUnconnectedApp({
    deps: { authHooks: { authenticate: async () => caller, onDenied: async () => {} } },
    prepare: (server) => server.addHook('preHandler', async (_request, reply) => reply.code(204).send()),
  })
}

const withBody = operations.flatMap((operation) =>
  operation.body === null ? [] : [{ ...operation, body: operation.body }],
)

describe.each(withBody)('$method $path', (operation: Operation & { body: Schema }) => {
  it('returns a documented response for any body', { timeout: 60_000 + numRuns * 100 }, async () => {
    const drawn = valuesOf(operation.body)
    const valid = validBodies[operation.id] ?? []
    const mutated =
      valid.length === 0
        ? []
        : [mutate(fc.constantFrom(...valid)), fc.tuple(fc.constantFrom(...valid), drawn).map(mixed)]
    await fc.assert(
      fc.asyncProperty(fc.oneof(drawn, mutate(drawn), ...mutated), isSentToService, (body, isForwarded) =>
        sendAndCheck(operation, { isForwarded, body: JSON.stringify(body) }),
      ),
      { numRuns, ...seed },
    )
  })
})

/** The first body with up to two fields of the other. */
function mixed([body, other]: [object, unknown]): object {
  const { name: _, connectionId: __, ...more } = Object(other) as Record<string, unknown>
  return { ...body, ...Object.fromEntries(Object.entries(more).slice(0, 2)) }
}

function without(body: object, field: string): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== field))
}

/** Query strings with values of the parameter's schema or arbitrary ones. */
function queriesOf({ query }: Operation): fc.Arbitrary<string> {
  const parts = query.map(({ name, schema }) =>
    fc.tuple(fc.constant(name), fc.oneof(valuesOf(schema), mutate(valuesOf(schema)))),
  )
  const stray = fc.tuple(fc.string({ maxLength: 8 }), fc.string())
  return fc
    .array(fc.oneof({ weight: 9, arbitrary: fc.oneof(...parts) }, { weight: 1, arbitrary: stray }), { maxLength: 4 })
    .map((pairs) =>
      new URLSearchParams(
        pairs.flatMap(([name, value]) => [value].flat().map((one) => [name, textOf(one)] as [string, string])),
      ).toString(),
    )
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
  return text.slice(0, 2000)
}

const withQuery = operations.filter(({ query, id }) => query.length > 0 && !/Logs/.test(id))

describe.each(withQuery)('$method $path?…', (operation: Operation) => {
  it('returns a documented response for any query', { timeout: 60_000 + numRuns * 100 }, async () => {
    await fc.assert(
      fc.asyncProperty(queriesOf(operation), isSentToService, (query, isForwarded) =>
        sendAndCheck(operation, { isForwarded, query }),
      ),
      { numRuns: numRuns / 2, ...seed },
    )
  })
})

describe.each(operations)('$method $path with headers', (operation: Operation) => {
  it('returns a documented response for any headers', {
    timeout: 60_000 + numRuns * 100,
  }, async () => {
    const tag = fc.oneof(
      fc.stringMatching(/^(W\/)?"[0-9]{0,12}"$/),
      fc.stringMatching(/^[ -~]{0,40}$/),
      fc.constant('*'),
    )
    const headers = fc.record(
      {
        'if-match': tag,
        'if-none-match': fc.array(tag, { maxLength: 3 }).map((tags) => tags.join(', ')),
        prefer: fc
          .stringMatching(/^(wait=0|respond-async|[ -~]{0,20})$/)
          .filter((text) => !/wait\s*=\s*"?[1-9]/.test(text)),
        'idempotency-key': fc.stringMatching(/^[ -~]{0,300}$/),
        'last-event-id': fc.oneof(fc.nat().map(String), fc.stringMatching(/^[ -~]{0,100}$/)),
        'x-request-id': fc.stringMatching(/^[ -~]{0,150}$/),
        accept: fc.constantFrom('application/json', 'text/html', 'image/*', '*/*;q=0'),
      },
      { requiredKeys: [] },
    )
    const body = operation.body === null ? {} : { body: JSON.stringify(validBodies[operation.id]?.[0] ?? {}) }
    await fc.assert(
      fc.asyncProperty(headers, isSentToService, (drawn, isForwarded) =>
        sendAndCheck(operation, { isForwarded, ...body, headers: drawn }),
      ),
      { numRuns: numRuns / 10, ...seed },
    )
  })
})

interface FuzzRequest {
  /** Sent to the service if it passes validation. */
  isForwarded: boolean
  body?: string
  query?: string
  headers?: object
}

async function sendAndCheck(
  operation: Operation,
  { isForwarded, body, query = '', headers = {} }: FuzzRequest,
): Promise<void> {
  const { method, path } = operation
  const id = ids[path.split('/')[1] ?? ''] ?? ''
  const target = path.replace('{deliveryId}', ids.deliveryId ?? '').replace(/\{\w+\}/, id)
  const url = query === '' ? target : `${target}?${query}`
  const requestHeaders = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }
  const payload = body === undefined ? {} : { payload: body }
  const validated = await validator.inject({ method: method as 'GET', url, headers: requestHeaders, ...payload })
  if (validated.statusCode !== 204) {
    const { statusCode: status, headers: responseHeaders } = validated
    expectDocumented(
      operation,
      { status, headers: new Headers(responseHeaders as Record<string, string>) },
      validated.body,
    )
  } else if (isForwarded) {
    const authorization = `Bearer ${testApiKey}`
    const response = await fetch(bench.url + url, {
      method,
      headers: { authorization, ...requestHeaders },
      body: body ?? null,
    })
    expectDocumented(operation, response, await wholeText(response))
  }
}

function expectDocumented(
  { statuses, responseHeaders }: Operation,
  response: { status: number; headers: Headers },
  text: string,
): void {
  // No dependency is unavailable here, so 503 is a failure.
  if (!statuses.includes(response.status) || response.status === 503) throw new Error(`${response.status} ${text}`)
  const undocumented = documentedHeaders.filter(
    (name) => response.headers.has(name) && !responseHeaders[response.status]?.includes(name),
  )
  if (undocumented.length > 0) throw new Error(`${response.status} with ${undocumented.join(', ')}`)
  if (response.status >= 400) expectProblem(response, JSON.parse(text))
}

/** All headers that the contract documents. */
const documentedHeaders = [
  ...new Set(operations.flatMap(({ responseHeaders }) => Object.values(responseHeaders).flat())),
]
