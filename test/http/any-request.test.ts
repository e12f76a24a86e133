import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { makeStories } from '../../src/commands/demo-scenarios.ts'
import { sandboxConnection, sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import type { Caller } from '../../src/http/caller.ts'
import type { HttpServer } from '../../src/http/server.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { wholeText } from '../support/api-caller.ts'
import { type Operation, operations, type Schema } from '../support/contract.ts'
import { fuzzRuns } from '../support/fuzz.ts'
import { expectProblem } from '../support/problems.ts'
import { spoilt, valuesOf } from '../support/schema-arbitrary.ts'
import { testApiKey } from '../support/switchyard.ts'
import { makeUnconnectedApp } from '../support/unconnected-app.ts'

/** Requests for each route. FUZZ_SEED shows a failure again. */
const numRuns = fuzzRuns
/** Of what its checks let through, one request in so many goes on to the service; failures shrink towards that one. */
const goesOn = fc.nat({ max: 4 }).map((drawn) => drawn === 0)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }

let bench: ApiBench
/** The same routes up to their handlers, which cost a tenth: most requests end there, refused or not. */
let gate: HttpServer
/** A record of each kind, for routes about one and bodies that name one. */
const ids: Record<string, string> = {}
/** Bodies that are accepted, to begin from: what is wrong with one thing in them gets further than chance does. */
let good: Readonly<Record<string, readonly object[]>>

beforeAll(async () => {
  ;[bench, gate] = await Promise.all([startApiBench({ settings: { requestRate: null } }), makeGate()])
  const { api, connections, sandbox } = bench
  const connection = sandboxConnection(sandbox, 'dataforest')
  ids.connections = (await api.ok('POST', '/connections', { ...connection, name: 'to-be-changed' })).id
  ids.projects = (await api.ok('POST', '/projects', { name: 'to-be-changed' })).id
  const key = { projectId: ids.projects, name: 'to-be-rotated', scopes: ['jobs:read'] }
  ids['api-keys'] = (await api.ok('POST', '/api-keys', key)).id
  const stories = makeStories(sandbox)
  const made = new Map<string, ApiRecord>()
  const environments = stories.flatMap(({ provider, environment }) =>
    environment === undefined ? [] : [{ ...without(environment, 'provider'), connectionId: connections[provider] }],
  )
  for (const body of environments) made.set(body.connectionId ?? '', await api.ok('POST', '/environments', body))
  // Jobs that name no provider run in the environment of their story.
  const jobs = stories.flatMap(({ provider, job }): object[] => {
    if (job === undefined) return []
    const connectionId = connections[provider]
    if ('provider' in job) return [{ ...without(job, 'provider'), connectionId }]
    return [{ ...job, environmentId: made.get(connectionId ?? '')?.id }]
  })
  ids.environments = made.get(connections.aitems ?? '')?.id ?? ''
  ids.jobs = (await api.ok('POST', '/jobs', jobs[0])).id
  ids.attention = ids.jobs
  ids['creation-holds'] = (await api.ok('POST', '/creation-holds', { projectId: ids.projects })).id
  const endpoint = { url: 'http://127.0.0.1:9/hook', eventTypes: ['job.*'] }
  ids['webhook-endpoints'] = (await api.ok('POST', '/webhook-endpoints', endpoint)).id
  ids.deliveryId = (await api.ok('POST', `/webhook-endpoints/${ids['webhook-endpoints']}/test`)).id
  good = {
    submitJob: jobs,
    previewJob: jobs,
    submitJobBatch: [{ jobs }, ...jobs.map((job, index) => ({ jobs: [{ ...job, idempotencyKey: `key-${index}` }] }))],
    cancelJobBatch: [{ filter: { label: ['team:none'] } }, { filter: { active: false }, dryRun: true, limit: 5 }],
    createEnvironment: environments,
    previewEnvironment: environments,
    updateEnvironment: stories.flatMap(({ unblock }) => (unblock === undefined ? [] : [unblock])),
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

afterAll(() => Promise.all([bench?.stop(), gate?.close()]))

/** Answers 204 to what the handler of a route would be handed. */
function makeGate(): Promise<HttpServer> {
  const caller: Caller = {
    ...{ projectId: 'prj', scopes: new Set(['admin'] as const) },
    by: { subject: 'key', address: '', requestId: '' },
  }
  return makeUnconnectedApp({
    deps: { authHooks: { authenticate: async () => caller, onRefused: async () => {} } },
    prepare: (server) => server.addHook('preHandler', async (_request, reply) => reply.code(204).send()),
  })
}

const takesBody = operations.flatMap((operation) =>
  operation.body === null ? [] : [{ ...operation, body: operation.body }],
)

describe.each(takesBody)('$method $path', (operation: Operation & { body: Schema }) => {
  it('answers any body with what the contract names, and never fails', { timeout: 1000 + numRuns * 100 }, async () => {
    const drawn = valuesOf(operation.body)
    const known = good[operation.id] ?? []
    const begun =
      known.length === 0
        ? []
        : [spoilt(fc.constantFrom(...known)), fc.tuple(fc.constantFrom(...known), drawn).map(mixed)]
    await fc.assert(
      fc.asyncProperty(fc.oneof(drawn, spoilt(drawn), ...begun), goesOn, (body, isDeep) =>
        hold(operation, { isDeep, body: JSON.stringify(body) }),
      ),
      { numRuns, ...seed },
    )
  })
})

/** The first of the two, with a field or two of the other. */
function mixed([body, other]: [object, unknown]): object {
  const { name: _, connectionId: __, ...more } = Object(other) as Record<string, unknown>
  return { ...body, ...Object.fromEntries(Object.entries(more).slice(0, 2)) }
}

function without(body: object, field: string): object {
  return Object.fromEntries(Object.entries(body).filter(([name]) => name !== field))
}

/** Query texts as clients put them together: values of the parameter's own schema, or of none. */
function queriesOf({ query }: Operation): fc.Arbitrary<string> {
  const parts = query.map(({ name, schema }) =>
    fc.tuple(fc.constant(name), fc.oneof(valuesOf(schema), spoilt(valuesOf(schema)))),
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

const takesQuery = operations.filter(({ query, id }) => query.length > 0 && !/Logs/.test(id))

describe.each(takesQuery)('$method $path?…', (operation: Operation) => {
  it('answers any query with what the contract names, and never fails', { timeout: 1000 + numRuns * 100 }, async () => {
    await fc.assert(
      fc.asyncProperty(queriesOf(operation), goesOn, (query, isDeep) => hold(operation, { isDeep, query })),
      { numRuns: numRuns / 2, ...seed },
    )
  })
})

describe.each(operations)('$method $path with headers', (operation: Operation) => {
  it('answers any headers with what the contract names, and never fails', {
    timeout: 1000 + numRuns * 100,
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
    const body = operation.body === null ? {} : { body: JSON.stringify(good[operation.id]?.[0] ?? {}) }
    await fc.assert(
      fc.asyncProperty(headers, goesOn, (drawn, isDeep) => hold(operation, { isDeep, ...body, headers: drawn })),
      { numRuns: numRuns / 10, ...seed },
    )
  })
})

interface Sent {
  /** Goes on to the service where it passes the gate. */
  isDeep: boolean
  body?: string
  query?: string
  headers?: object
}

async function hold(operation: Operation, { isDeep, body, query = '', headers = {} }: Sent): Promise<void> {
  const { method, path } = operation
  const room = ids[path.split('/')[1] ?? ''] ?? ''
  const target = path.replace('{deliveryId}', ids.deliveryId ?? '').replace(/\{\w+\}/, room)
  const url = query === '' ? target : `${target}?${query}`
  const sent = { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers }
  const payload = body === undefined ? {} : { payload: body }
  const checked = await gate.inject({ method: method as 'GET', url, headers: sent, ...payload })
  if (checked.statusCode !== 204) {
    const { statusCode: status, headers: answered } = checked
    expectNamed(operation, { status, headers: new Headers(answered as Record<string, string>) }, checked.body)
  } else if (isDeep) {
    const authorization = `Bearer ${testApiKey}`
    const response = await fetch(bench.url + url, { method, headers: { authorization, ...sent }, body: body ?? null })
    expectNamed(operation, response, await wholeText(response))
  }
}

function expectNamed(
  { statuses, answerHeaders }: Operation,
  answer: { status: number; headers: Headers },
  text: string,
): void {
  // 503 is for what is away; nothing is.
  if (!statuses.includes(answer.status) || answer.status === 503) throw new Error(`${answer.status} ${text}`)
  const undocumented = told.filter((name) => answer.headers.has(name) && !answerHeaders[answer.status]?.includes(name))
  if (undocumented.length > 0) throw new Error(`${answer.status} with ${undocumented.join(', ')}`)
  if (answer.status >= 400) expectProblem(answer, JSON.parse(text))
}

/** Every header that some answer tells of. */
const told = [...new Set(operations.flatMap(({ answerHeaders }) => Object.values(answerHeaders).flat()))]
