import fc from 'fast-check'
import { afterAll, beforeAll, describe, it } from 'vitest'
import { makeStories } from '../../src/roles/demo-stories.ts'
import { sandboxConnections } from '../../src/roles/sandbox-connections.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { type Operation, operations, type Schema } from '../support/contract.ts'
import { expectProblem } from '../support/problems.ts'
import { spoilt, valuesOf } from '../support/schema-arbitrary.ts'
import { testApiKey } from '../support/switchyard.ts'

/** Bodies for each route. For a long search: FUZZ_RUNS=20000, and a FUZZ_SEED to see a failure again. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 150)
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
  // Two of the four run jobs inside environments.
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
      fc.asyncProperty(fc.oneof(drawn, spoilt(drawn), ...begun), (body) => hold(operation, body)),
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

async function hold({ method, path, statuses }: Operation, body: unknown): Promise<void> {
  const response = await fetch(bench.url + path.replace(/\{\w+\}/, ids[path.split('/')[1] ?? ''] ?? ''), {
    method,
    headers: { authorization: `Bearer ${testApiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  // 503 is for what is away; nothing is.
  if (!statuses.includes(response.status) || response.status === 503) throw new Error(`${response.status} ${text}`)
  if (response.status >= 400) expectProblem(response, JSON.parse(text))
}
