import { beforeAll, expect, it } from 'vitest'
import { idAt, makeId } from '../../../src/vocabulary/ids.ts'
import { type Filter, type ListQuery, listStatement } from '../../../src/workloads/store/list.repository.ts'
import { makeSweepsRepository } from '../../../src/workloads/sweep/sweeps.repository.ts'
import { explain } from '../../support/rows-read.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'

/** A project with many jobs, of which only the twenty oldest have rare values. */
const count = 20_000
const rareCount = 20
const limit = 20
/** Also covers a separate read for each of ten statuses. */
const maxRows = 10 * limit

const projectId = makeId('project')
/** Two projects of environments: one has few active among many never created, the other the reverse. */
const [uncreatedProject, failedProject] = [makeId('project'), makeId('project')]
const [usual, rare] = [makeId('connection'), makeId('connection')]
const environmentId = makeId('environment')
const startMs = Date.parse('2026-01-01T00:00:00Z')
const createdAt = (index: number) => new Date(startMs + index * 60_000)
const idOf = (index: number) => idAt('job', createdAt(index).getTime()) + String(index).padStart(16, '0')

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 2 })

beforeAll(async () => {
  const { prisma } = database
  await prisma.$executeRaw`INSERT INTO projects (id, name) VALUES (${projectId}, 'large')`
  for (const [id, provider] of [
    [usual, 'slurm'],
    [rare, 'aitems'],
  ])
    await prisma.$executeRaw`
      INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials)
      VALUES (${id}, ${projectId}, ${provider}, ${provider}, '{}', '')`
  const ids = Array.from({ length: count }, (_, index) => idOf(index))
  await prisma.$executeRaw`
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, environment_id, name, labels, spec, correlation_tag, status, active, remote_id, created_at)
    SELECT id, ${projectId}, 'job', CASE WHEN is_rare THEN 'aitems' ELSE 'slurm' END, CASE WHEN is_rare THEN ${rare} ELSE ${usual} END,
      CASE WHEN is_rare THEN ${environmentId} END, CASE WHEN is_rare THEN 'zz' ELSE 'train' END || n,
      CASE WHEN is_rare THEN '{"team":"red"}' ELSE '{"team":"blue"}' END::jsonb, '{}', id,
      CASE WHEN NOT is_rare THEN 'succeeded' WHEN n % 2 = 0 THEN 'running' ELSE 'failed' END, is_rare AND n % 2 = 0,
      'r' || n, ${createdAt(0)}::timestamptz + n * interval '1 minute'
    FROM (SELECT id, n - 1 AS n, n <= ${rareCount} AS is_rare FROM unnest(${ids}::text[]) WITH ORDINALITY AS t(id, n)) numbered`
  // Failed environments with an end were never created; the others exist at their provider.
  await prisma.$executeRaw`
    INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, active, ended_at, created_at)
    SELECT 'env_' || substr(id, 5), CASE WHEN n % 2 = 0 THEN ${uncreatedProject} ELSE ${failedProject} END, 'environment', 'slurm', ${usual}, 'e', '{}', '{}', 'e' || id,
      CASE WHEN n < ${rareCount} THEN 'running' ELSE 'failed' END, true,
      CASE WHEN n % 2 = 0 AND n > ${2 * rareCount} OR n % 2 = 1 AND n BETWEEN ${rareCount} AND ${2 * rareCount} THEN now() END,
      ${createdAt(0)}::timestamptz + n * interval '1 minute'
    FROM (SELECT id, n - 1 AS n FROM unnest(${ids}::text[]) WITH ORDINALITY AS t(id, n)) numbered`
  await prisma.$executeRaw`
    INSERT INTO workload_labels (project_id, kind, key, value, workload_id)
    SELECT project_id, kind, 'team', labels->>'team', id FROM workloads WHERE kind = 'job'`
  await prisma.$executeRaw`ANALYZE`
}, 120_000)

const filters: readonly [string, Filter, count: number][] = [
  ['nothing', {}, limit],
  ['a status', { status: ['failed'] }, 10],
  ['two statuses', { status: ['failed', 'running'] }, limit],
  ['active records', { active: true }, 10],
  ['inactive records', { active: false }, limit],
  ['a contradiction', { active: true, status: ['succeeded'] }, 0],
  ['a provider', { provider: 'aitems' }, limit],
  ['a connection', { connectionId: rare }, limit],
  ['an environment', { environmentId }, limit],
  ['a remote id', { remoteId: 'r7' }, 1],
  ['a label', { labels: [{ key: 'team', value: 'red' }] }, limit],
  ['a name', { namePrefix: 'zz' }, limit],
  ['ids', { ids: [idOf(3), idOf(4)] }, 2],
  ['an upper time limit', { createdBefore: createdAt(rareCount) }, limit],
  ['a lower time limit', { createdAfter: createdAt(count - rareCount - 1) }, limit],
]

it('watched and unwatched workloads of a scan together are all active ones', async () => {
  const sweeps = makeSweepsRepository(database.sql, 60_000)
  const watched = await sweeps.watched(rare, 'job', 4)
  const last = watched.at(-1)
  if (last === undefined) throw new Error('no workload is watched')
  const unwatched = await sweeps.unwatched(rare, 'job', last, 100)
  expect([watched.length, unwatched.length]).toEqual([4, 6])
  expect(new Set([...watched, ...unwatched].map(({ id }) => id)).size).toBe(10)
  // Longest unobserved first, without those that already wait for a read.
  const [one, other] = unwatched.map(({ id }) => id)
  const { prisma } = database
  await prisma.$executeRaw`UPDATE workloads SET observed_at = now() WHERE connection_id = ${rare} AND id <> ${other}`
  expect((await sweeps.unwatched(rare, 'job', last, 1)).map(({ id }) => id)).toEqual([other])
  await prisma.$executeRaw`UPDATE workloads SET missing_since = now() WHERE id = ${one}`
  expect(await sweeps.unwatched(rare, 'job', last, 100)).toHaveLength(5)
})

it.each<[string, Filter]>([
  ['all records', {}],
  ['a label', { labels: [{ key: 'team', value: 'blue' }] }],
  ['a provider', { provider: 'slurm' }],
  ['inactive records', { active: false }],
  ['inactive records of a connection', { active: false, connectionId: usual }],
])('a middle page of %s reads a bounded number of rows', async (_, filter) => {
  const after = { id: idOf(count / 2) }
  const query: ListQuery = { projectId, kind: 'job', filter, order: 'desc', limit, after }
  const rows = await database.prisma.$queryRaw<{ id: string }[]>(listStatement(query))
  expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: limit }, (_, index) => idOf(count / 2 - 1 - index)))
  const { read, plan } = await explain(database, listStatement(query))
  expect(read, plan).toBeLessThanOrEqual(maxRows)
})

it.each(filters)('a page filtered by %s reads a bounded number of rows', async (_, filter, expectedCount) => {
  for (const order of ['asc', 'desc'] as const) {
    const query: ListQuery = { projectId, kind: 'job', filter, order, limit, after: null }
    const rows = await database.prisma.$queryRaw<{ id: string }[]>(listStatement(query))
    const ids = rows.map(({ id }) => id)
    expect(ids).toHaveLength(expectedCount)
    if (filter.namePrefix === undefined)
      expect(ids).toEqual(order === 'asc' ? ids.toSorted() : ids.toSorted().reverse())
    const { read, plan } = await explain(database, listStatement(query))
    expect(read, plan).toBeLessThanOrEqual(maxRows)
  }
})

it.each([
  ['active records', uncreatedProject, true, 21],
  ['ended records', failedProject, false, 10],
])(
  'a page of environments filtered by %s reads a bounded number of rows',
  async (_, project, active, expectedCount) => {
    const query: ListQuery = {
      projectId: project,
      kind: 'environment',
      filter: { active },
      order: 'desc',
      limit: 30,
      after: null,
    }
    const rows = await database.prisma.$queryRaw<{ endedAt: Date | null }[]>(listStatement(query))
    expect(rows).toHaveLength(expectedCount)
    for (const { endedAt } of rows) expect(endedAt === null).toBe(active)
    const { read, plan } = await explain(database, listStatement(query))
    expect(read, plan).toBeLessThanOrEqual(maxRows)
  },
)
