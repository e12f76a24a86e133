import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { makeStories } from '../../src/roles/demo-stories.ts'
import { sandboxConnections } from '../../src/roles/sandbox-connections.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { type Operation, operations, type Schema } from '../support/contract.ts'
import { expectProblem } from '../support/problems.ts'
import { spoilt, valuesOf } from '../support/schema-arbitrary.ts'
import { testApiKey } from '../support/switchyard.ts'

/** Requests for each route. For a long search: FUZZ_RUNS=20000, and a FUZZ_SEED to see a failure again. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 200)
const seed = process.env.FUZZ_SEED === undefined ? {} : { seed: Number(process.env.FUZZ_SEED) }

let bench: ApiBench
/** A record of each kind, for routes about one and bodies that name one. */
const ids: Record<string, string> = {}
/** Bodies that are accepted, to begin from: what is wrong with one thing in them gets further than chance does. */
let good: Readonly<Record<string, readonly object[]>>

beforeAll(async () => {
  bench = await startApiBench({ settings: { requestRate: null } })
  const { api, connections, sandbox } = bench
  const [connection] = sandboxConnections(sandbox)
  ids.connections = (await api.ok('POST', '/connections', { ...connection, name: 'to-be-changed' })).id
  ids.projects = (await api.ok('POST', '/projects', { name: 'to-be-changed' })).id
  const key = { projectId: ids.projects, name: 'to-be-rotated', scopes: ['jobs:read'] }
  ids['api-keys'] = (await api.ok('POST', '/api-keys', key)).id
  const stories = makeStories(sandbox).map(({ provider, ...story }) => ({
    ...story,
    connectionId: connections[provider],
  }))
  const environments = stories.map(({ environment, connectionId }) => ({
    ...without(environment, 'provider'),
    connectionId,
  }))
  const made = await Promise.all(environments.map((body) => api.ok('POST', '/environments', body)))
  // Jobs that name no provider run in the environment of their story.
  const jobs = stories.flatMap((story, index) =>
    story.jobs.map((job) =>
      'provider' in job
        ? { ...without(job, 'provider'), connectionId: story.connectionId }
        : { ...job, environmentId: made[index]?.id },
    ),
  )
  ids.environments = made[1]?.id ?? ''
  ids.jobs = (await api.ok('POST', '/jobs', jobs[0])).id
  good = {
    submitJob: jobs,
    previewJob: jobs,
    createEnvironment: environments,
    previewEnvironment: environments,
    updateEnvironment: stories.flatMap(({ unblock }) => unblock ?? []),
    importEnvironment: Object.values(connections).map((id) => ({ connectionId: id, remoteId: '4711' })),
    createConnection: sandboxConnections(sandbox),
    updateConnection: sandboxConnections(sandbox),
    createApiKey: [key],
  }
})

afterAll(() => bench?.stop())

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
      fc.asyncProperty(fc.oneof(drawn, spoilt(drawn), ...begun), (body) =>
        hold(operation, { body: JSON.stringify(body) }),
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

const takesQuery = operations.filter(({ query, id }) => query.length > 0 && !/Logs|Stream/.test(id))

describe.each(takesQuery)('$method $path?…', (operation: Operation) => {
  it('answers any query with what the contract names, and never fails', { timeout: 1000 + numRuns * 100 }, async () => {
    await fc.assert(
      fc.asyncProperty(queriesOf(operation), (query) => hold(operation, { query })),
      { numRuns: numRuns / 2, ...seed },
    )
  })
})

const about = operations.filter(({ id }) => ['getJob', 'cancelJob', 'getConnection'].includes(id))

describe.each(about)('$method $path with headers', (operation: Operation) => {
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
        'x-request-id': fc.stringMatching(/^[ -~]{0,150}$/),
        accept: fc.constantFrom('application/json', 'text/html', 'image/*', '*/*;q=0'),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(headers, (drawn) => hold(operation, { headers: drawn })),
      { numRuns: numRuns / 2, ...seed },
    )
  })
})

interface Sent {
  body?: string
  query?: string
  headers?: object
}

async function hold(
  { method, path, statuses, answerHeaders }: Operation,
  { body, query = '', headers = {} }: Sent,
): Promise<void> {
  const target = path.replace(/\{\w+\}/, ids[path.split('/')[1] ?? ''] ?? '')
  const response = await fetch(`${bench.url}${target}${query === '' ? '' : `?${query}`}`, {
    method,
    headers: {
      authorization: `Bearer ${testApiKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body }),
  })
  const text = await response.text()
  // 503 is for what is away; nothing is.
  if (!statuses.includes(response.status) || response.status === 503) throw new Error(`${response.status} ${text}`)
  const undocumented = told.filter(
    (name) => response.headers.has(name) && !answerHeaders[response.status]?.includes(name),
  )
  if (undocumented.length > 0) throw new Error(`${response.status} with ${undocumented.join(', ')}`)
  if (response.status >= 400) expectProblem(response, JSON.parse(text))
}

/** Every header that some answer tells of. */
const told = [...new Set(operations.flatMap(({ answerHeaders }) => Object.values(answerHeaders).flat()))]
