import { beforeAll, beforeEach, expect, it } from 'vitest'
import { makeBatcher } from '../../../src/infra/batcher.ts'
import type { Statements } from '../../../src/infra/statements.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Page } from '../../../src/providers/driver.ts'
import type { Observation } from '../../../src/providers/observation.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { nothingToHide } from '../../../src/secrets/redact-secrets.ts'
import { makeId } from '../../../src/vocabulary/ids.ts'
import { transition } from '../../../src/workloads/apply/transition.ts'
import { makeWritesRepository, type Write, type Written } from '../../../src/workloads/apply/writes.repository.ts'
import { makeReadsRepository } from '../../../src/workloads/store/reads.repository.ts'
import type { SweepDeps } from '../../../src/workloads/sweep/deps.ts'
import { makeSweep } from '../../../src/workloads/sweep/sweep.ts'
import { makeSweepsRepository } from '../../../src/workloads/sweep/sweeps.repository.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'
import { unobserved } from '../../support/unobserved.ts'
import { makeFacts } from '../../unit/workloads/make-workload.ts'

const { pollIntervals } = makeFacts()
const connectionId = 'conn_scanned'
const installationTag = 'abc'
const pageSize = 50
/** Statements of a scan without changes: the snapshot and the end of the scan. */
const statementsOfScan = 2
/** Statements per batch of up to 200 changes: one read and one write. */
const statementsOfBatch = 2
const bounds = { minMs: 60_000, maxMs: 120_000, callTimeoutMs: 10_000, maxPages: 100, maxWatched: 10_000, graceMs: 0 }

let sql: Statements
let statements: string[]

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 4 })

beforeAll(async () => {
  sql = {
    rows: (statement) => {
      statements.push(statement.text)
      return database.sql.rows(statement)
    },
  }
  await database.prisma.$executeRaw`
    INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials)
    VALUES (${connectionId}, 'p', 'modelarts', 'c', '{}', '')`
})
beforeEach(async () => {
  statements = []
  await database.prisma.$executeRaw`TRUNCATE workloads, workload_events, sweeps`
  await database.prisma
    .$executeRaw`INSERT INTO sweeps (connection_id, kind, due_at) VALUES (${connectionId}, 'job', now())`
})

/** A provider with a paginated list of this number of jobs. */
function makeProvider(count: number) {
  const jobs = Array.from({ length: count }, (_, index) => ({
    remoteId: `r${index}`,
    correlationTag: `abctag${index}`,
    state: 'R',
  }))
  const counts = { calls: 0, payloads: 0 }
  const observationOf = ({ remoteId, correlationTag, state }: (typeof jobs)[number]): Observation<'job'> => ({
    ...{
      remoteId,
      correlationTag,
      rawState: state,
      status: state === 'R' ? 'running' : state === 'CD' ? 'succeeded' : 'pending',
      startedAt: new Date(0),
    },
    payload: () => ({ count: ++counts.payloads }),
  })
  const list = async ({ cursor }: Page) => {
    counts.calls += 1
    const from = Number(cursor ?? 0)
    const to = from + pageSize
    return { seen: jobs.slice(from, to).map(observationOf), next: to < jobs.length ? String(to) : null }
  }
  const driver = { list, traits: makeFacts<'job'>().traits, states: {}, controls: {}, tagLength: 12 }
  return { jobs, counts, driver }
}

type Provider = ReturnType<typeof makeProvider>

/** The scans of one process, configured like in the engine. */
function makeScans({ driver }: Pick<Provider, 'driver'>, shutdown: AbortSignal = new AbortController().signal) {
  const repository = makeSweepsRepository(sql, 60_000)
  const ignore = () => {}
  const warnings: string[] = []
  const failures: unknown[] = []
  const sweep = makeSweep({
    ...{ kinds: { job: jobKind }, repository, pollIntervals, bounds, installationTag, budget: { take: () => 0 } },
    connections: {
      open: async () => ({ driver: () => driver }),
      failed: async (_: object, error: unknown) => void failures.push(error),
    },
    observer: unobserved,
    secretsOfAll: async () => () => ({ hide: nothingToHide }),
    write: makeBatcher<Write, Written>({
      ...{ flush: makeWritesRepository(sql).write, concurrency: 1, maxItems: 200 },
      ...{ isDataError: () => false, isTransient: () => false },
    }),
    unheld: makeReadsRepository(sql, async (id) => ({ name: id, connectionIds: [id] })).unheld,
    notifier: { changed: ignore },
    log: {
      ...{ debug: ignore, info: ignore, error: (context: object) => expect.fail(JSON.stringify(context)) },
      warn: (_: object, message: string) => warnings.push(message),
    },
    shutdown,
  } as unknown as SweepDeps)
  return {
    warnings,
    failures,
    /** Returns the delay until the next scan. */
    async scan(): Promise<number | null> {
      await database.prisma.$executeRaw`UPDATE sweeps SET due_at = now()`
      const [claimed] = await repository.claimDue(1)
      if (claimed === undefined) throw new Error('no scan is due')
      statements = []
      return sweep(claimed)
    },
  }
}

async function makeRecords(count: number): Promise<void> {
  const ids = Array.from({ length: count }, () => makeId('job'))
  await database.prisma.$executeRaw`
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, active, remote_id, raw_state, dispatched_at, started_at)
    SELECT id, 'p', 'job', 'modelarts', ${connectionId}, 'n', '{}', '{}', 'abctag' || n - 1, 'running', true, 'r' || n - 1, 'R', now(), to_timestamp(0)
    FROM unnest(${ids}::text[]) WITH ORDINALITY AS t(id, n)`
}

async function read<T>(text: string): Promise<T[]> {
  return (await database.pool.query(text)).rows as T[]
}

it.each([50, 500])('a scan of %i unchanged jobs costs its pages and two statements', async (count) => {
  await makeRecords(count)
  const provider = makeProvider(count)
  const { scan } = makeScans(provider)
  // The first scan of a process compares every job.
  await scan()
  provider.counts.calls = 0
  await scan()
  expect(statements, statements.join('\n')).toHaveLength(statementsOfScan)
  expect(provider.counts).toEqual({ calls: count / pageSize, payloads: 0 })
})

it('a scan writes changes of all pages in one batch without other payloads', async () => {
  await makeRecords(500)
  const provider = makeProvider(500)
  const { scan } = makeScans(provider)
  await scan()
  for (const [index, job] of provider.jobs.entries()) if (index % 25 === 0) job.state = 'PD'
  await scan()
  expect(statements, statements.join('\n')).toHaveLength(statementsOfScan + statementsOfBatch)
  expect(provider.counts.payloads).toBe(20)
  const events = await read<{ count: string }>(`SELECT count(*) FROM workload_events WHERE type = 'job.pending'`)
  expect(events).toEqual([{ count: '20' }])
  await scan()
  expect(statements, 'written changes are cached').toHaveLength(statementsOfScan)
})

it('the first scan of a process compares a long page in batches', async () => {
  await makeRecords(450)
  const provider = makeProvider(450)
  const all = provider.driver.list
  const list = async (page: Page) => {
    const pages = await Promise.all(
      [0, 50, 100, 150, 200, 250, 300, 350, 400].map((from) => all({ ...page, cursor: String(from) })),
    )
    return { seen: pages.flatMap(({ seen }) => seen), next: null }
  }
  await makeScans({ driver: { ...provider.driver, list } }).scan()
  expect(statements, statements.join('\n')).toHaveLength(statementsOfScan + 3)
})

it('a scan is due again after its interval although it found changes', async () => {
  await makeRecords(1)
  const provider = makeProvider(1)
  const { scan } = makeScans(provider)
  await scan()
  for (const job of provider.jobs) job.state = 'PD'
  expect(await scan()).toBe(bounds.minMs)
  expect(await read('SELECT due_at > now() + interval \'30 s\' AS "isLater" FROM sweeps')).toEqual([{ isLater: true }])
})

it('a scan reapplies an end lost in a failover despite client changes', async () => {
  await makeRecords(1)
  const provider = makeProvider(1)
  const { scan } = makeScans(provider)
  await scan()
  for (const job of provider.jobs) job.state = 'CD'
  await scan()
  const [ended] = await read<{ version: number }>('SELECT version FROM workloads')
  // The state before the end, with a client change that reaches the version of the lost end.
  await database.prisma.$executeRaw`
    UPDATE workloads SET status = 'running', status_reason = NULL, active = true, raw_state = 'R', ended_at = NULL, name = 'other',
      version = ${ended?.version}`
  await scan()
  expect(await read('SELECT status FROM workloads')).toEqual([{ status: 'succeeded' }])
})

it('a scan counts orphans but no objects of creates in progress', async () => {
  await makeRecords(50)
  const provider = makeProvider(60)
  const create = (index: number) => database.prisma.$executeRaw`
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, active)
    VALUES (${makeId('job')}, 'p', 'job', 'modelarts', ${connectionId}, 'n', '{}', '{}', ${`abctag${index}`}, 'dispatching', true)`
  for (const index of [50, 51, 52]) await create(index)
  const all = provider.driver.list
  const list = async (page: Page) => {
    const seen = await all(page)
    // Created while the list is read.
    if (page.cursor === null) for (const index of [53, 54, 55, 56, 57, 58]) await create(index)
    return seen
  }
  const { scan, warnings } = makeScans({ driver: { ...provider.driver, list } })
  await scan()
  expect(await read('SELECT last_orphans AS count FROM sweeps')).toEqual([{ count: 1 }])
  await create(59)
  provider.jobs.splice(53)
  warnings.length = 0
  await makeScans(provider).scan()
  expect(await read('SELECT last_orphans AS count FROM sweeps')).toEqual([{ count: 0 }])
  expect(warnings).toEqual([])
})

it.each([
  ['fails reports it for its connection', false, 1],
  ['is aborted by a shutdown reports nothing for its connection', true, 0],
])('a scan that %s', async (_, isEnding, failureCount) => {
  await makeRecords(1)
  const ending = new AbortController()
  const list = async () => {
    if (isEnding) ending.abort()
    throw new ProviderError('timeout', 'the request was aborted')
  }
  const { scan, failures } = makeScans({ driver: { ...makeProvider(1).driver, list } }, ending.signal)
  expect(await scan()).toBe(bounds.minMs)
  expect(failures).toHaveLength(failureCount)
  expect(await read('SELECT lease_id AS "leaseId" FROM sweeps')).toEqual([{ leaseId: null }])
})

const dueInSeconds = async () =>
  Number((await read<{ s: string }>('SELECT extract(epoch FROM due_at - now()) AS s FROM sweeps'))[0]?.s)

it.each([
  [100_000, 20],
  [10, 0],
])('the end of a scan leaves a pause for %i objects if a workload changed meanwhile', async (listed, seconds) => {
  const repository = makeSweepsRepository(sql, 60_000)
  for (const seen of [listed, null]) {
    await database.prisma.$executeRaw`UPDATE sweeps SET due_at = now()`
    const [claimed] = await repository.claimDue(1)
    if (claimed === undefined) throw new Error('no scan is due')
    await database.prisma.$executeRaw`UPDATE sweeps SET due_at = now()`
    await repository.finish(claimed, { nextMs: 1000, seen })
    expect(Math.abs((await dueInSeconds()) - seconds)).toBeLessThan(5)
  }
})

it.each([
  [100_000, 20],
  [10, 0],
])('a change makes a scan due after the pause for the %i objects of the last one', async (listed, seconds) => {
  await makeRecords(1)
  const snapshot = await makeSweepsRepository(sql, 60_000).watched(connectionId, 'job', 1)
  const [asRead] = await makeSweepsRepository(sql, 60_000).unchanged(snapshot)
  if (asRead === undefined) throw new Error('the record is leased')
  await database.prisma.$executeRaw`UPDATE workloads SET lease_id = 'l', lease_until = now() + interval '1 min'`
  await database.prisma
    .$executeRaw`UPDATE sweeps SET last_completed_at = now(), last_seen = ${listed}, due_at = now() + interval '1 min'`
  const workload = asRead.workload as Workload<'job'>
  const applied = { change: { status: 'pending' as const }, attemptResult: null }
  const write = transition(jobKind, workload, applied, { facts: makeFacts(), basis: { leaseId: 'l' } })
  expect(await makeWritesRepository(sql).write([write])).toMatchObject([{ isWritten: true }])
  expect(Math.abs((await dueInSeconds()) - seconds)).toBeLessThan(5)
})
