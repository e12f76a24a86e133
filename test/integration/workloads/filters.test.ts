import { beforeAll, describe, expect, it } from 'vitest'
import { rareJobs, type SeedTarget, seedJobs, withoutIndexes } from '../../../bench/seed.ts'
import { makeId } from '../../../src/vocabulary/ids.ts'
import { type Filter, type ListQuery, listStatement } from '../../../src/workloads/store/list.repository.ts'
import type { Page } from '../../../src/workloads/store/list-filter.ts'
import { makeReadsRepository, type ReadsRepository } from '../../../src/workloads/store/reads.repository.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { explainAs, type Planning } from '../../support/rows-read.ts'
import { useDatabase, useSqlClient, useTestDatabase } from '../../support/test-database.ts'

const count = 20_000
const limit = 20
/** Upper limit of rows read per page. */
const maxRows = 20 * limit

const rare = makeId('connection')
const target: SeedTarget = {
  projectId: makeId('project'),
  connectionIds: [makeId('connection'), makeId('connection'), rare],
  environmentId: makeId('environment'),
}
const [usual] = target.connectionIds
const { environmentId } = target

let reads: ReadsRepository

const test = await useTestDatabase()
const client = await useSqlClient(test)
const database = useDatabase({ url: test.url, poolSize: 1 })

beforeAll(async () => {
  reads = makeReadsRepository(database.sql, (id) => Promise.resolve({ connectionIds: [id], name: id }))
  await client.query('ALTER TABLE workloads SET (autovacuum_enabled = off)')
  await client.query('ALTER TABLE workload_labels SET (autovacuum_enabled = off)')
  for (const [index, id] of target.connectionIds.entries())
    await client.query(
      `INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials) VALUES ($1, $2, 'slurm', $3, '{}', '')`,
      [id, target.projectId, `c${index}`],
    )
  await withoutIndexes(client, insertRows)
  // No query below reads much; the timeout aborts one that does.
  await client.query(`SET statement_timeout = '20s'`)
}, 120_000)

async function insertRows(): Promise<void> {
  await seedJobs(client, target, count)
  // Rows of another project must not affect the results.
  await seedJobs(client, { ...target, projectId: makeId('project'), environmentId: makeId('environment') }, count)
  // Environments: most failed without being created, few are active.
  await client.query(
    `INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status, active, ended_at)
     SELECT 'env_' || substr(id, 5), project_id, 'environment', provider, connection_id, name, labels, '{}', 'e' || correlation_tag,
       CASE WHEN active THEN 'running' ELSE 'failed' END, true, CASE WHEN NOT active THEN now() END FROM workloads WHERE project_id = $1`,
    [target.projectId],
  )
  await client.query(
    `INSERT INTO workload_labels SELECT project_id, 'environment', key, value, 'env_' || substr(workload_id, 5) FROM workload_labels WHERE project_id = $1`,
    [target.projectId],
  )
}

const labels = (...given: string[]) =>
  given.map((label) => ({ key: label.split(':')[0] ?? '', value: label.split(':')[1] ?? '' }))
const dayMs = 86_400_000
const ago = (days: number) => new Date(Date.now() - days * dayMs)

/** Single and combined filters: common, rare, unmatched, and combinations of common values that match no row. */
const filters: Readonly<Record<string, Filter>> = {
  nothing: {},
  'a common status': { status: ['succeeded'] },
  'a rare status': { status: ['unknown'] },
  'an unmatched status': { status: ['canceling'] },
  'many statuses': { status: ['failed', 'canceled', 'unknown', 'running', 'queued', 'canceling', 'pending'] },
  'active records': { active: true },
  'ended records': { active: false },
  'a common provider': { provider: 'slurm' },
  'a rare provider': { provider: 'scnet' },
  'an unmatched provider': { provider: 'modelarts' },
  'a common connection': { connectionId: usual },
  'a rare connection': { connectionId: rare },
  'an unmatched connection': { connectionId: makeId('connection') },
  'an environment': { environmentId },
  'an environment without jobs': { environmentId: makeId('environment') },
  'a remote id': { remoteId: 'r77' },
  'an unmatched remote id': { remoteId: 'x' },
  'a common label': { labels: labels('env:prod') },
  'a rare label': { labels: labels('half:rare') },
  'an unmatched label': { labels: labels('env:none') },
  'a common name': { namePrefix: 'train' },
  'a rare name': { namePrefix: 'zebra' },
  'an unmatched name': { namePrefix: 'missing' },
  'a recent lower time limit': { createdAfter: ago(1) },
  'an early upper time limit': { createdBefore: ago(50) },
  'a time before all records': { createdBefore: ago(100) },
  'a time after all records': { createdAfter: ago(-1) },
  ids: { ids: ['job_00', 'job_01'] },

  'a label and a status': { labels: labels('team:t7'), status: ['succeeded'] },
  'a label and a rare status': { labels: labels('env:prod'), status: ['unknown'] },
  'a rare label and a status': { labels: labels('half:rare'), status: ['succeeded'] },
  'a label and a status apart in time': { labels: labels('day:d3'), status: ['running'] },
  'a label and a status without overlap': { labels: labels('half:odd'), status: ['failed'] },
  'a label and active records': { labels: labels('half:odd'), active: true },
  'a label and ended records': { labels: labels('half:odd'), active: false },
  'a label and many statuses without overlap': { labels: labels('day:d3'), status: ['running', 'queued'] },
  'a label and a name': { labels: labels('env:prod'), namePrefix: 'train' },
  'a rare label and a name': { labels: labels('half:rare'), namePrefix: 'train' },
  'a label and a rare name': { labels: labels('env:prod'), namePrefix: 'zebra' },
  'a label and a name without overlap': { labels: labels('half:odd'), namePrefix: 'prepare-' },
  'two labels': { labels: labels('env:prod', 'team:t5') },
  'two labels, one of them rare': { labels: labels('env:prod', 'half:rare') },
  'two labels without overlap': { labels: labels('half:odd', 'team:t2') },
  'two values of one label': { labels: labels('half:odd', 'half:even') },
  'three labels': { labels: labels('env:prod', 'half:odd', 'team:t5') },
  'a label, a status and a name': { labels: labels('half:odd'), status: ['failed'], namePrefix: 'train' },
  'a status and a name': { status: ['failed'], namePrefix: 'train' },
  'a status and a connection': { status: ['unknown'], connectionId: usual },
  'a provider and a name without overlap': { provider: 'scnet', namePrefix: 'train' },
  'an environment and a status without overlap': { environmentId, status: ['queued'] },
  'a label and a recent time': { labels: labels('team:t2'), createdAfter: ago(1) },
  'a name and a recent time': { namePrefix: 'train', createdAfter: ago(1) },
  'a status and a time': { status: ['succeeded'], createdBefore: ago(30) },
  'ids and a label': { ids: ['job_00'], labels: labels('env:prod') },
  'a remote id and a status': { remoteId: 'r77', status: ['running'] },
  everything: {
    ...{ labels: labels('env:prod', 'team:t5'), status: ['succeeded', 'failed'], active: false, provider: 'slurm' },
    ...{ connectionId: usual, createdBefore: ago(3), createdAfter: ago(40) },
  },
}

const queryOf = (filter: Filter, more: Partial<ListQuery> = {}): ListQuery => ({
  ...{ projectId: target.projectId, kind: 'job', filter, order: 'desc', limit, after: null, ...more },
})

const plannings: readonly Planning[] = ['custom plan', 'generic plan']

describe.each(['without statistics', 'with statistics'])('list page %s', (statistics) => {
  beforeAll(async () => {
    if (statistics === 'with statistics') await client.query('ANALYZE')
  })

  describe.each(plannings)('with a %s', (planning) => {
    it.each(Object.entries(filters))('filtered by %s reads a bounded number of rows', async (_, filter) => {
      for (const order of ['asc', 'desc'] as const) {
        const { read, plan } = await explainAs(client, planning, listStatement(queryOf(filter, { order })))
        expect(read, plan).toBeLessThanOrEqual(maxRows)
      }
    })

    it.each(Object.entries(filters).filter(([, { environmentId, remoteId }]) => environmentId === remoteId))(
      'of environments filtered by %s reads a bounded number of rows',
      async (_, given) => {
        const statuses = {
          succeeded: 'failed',
          unknown: 'stopping',
          canceling: 'deleting',
          pending: 'starting',
          canceled: 'deleted',
        }
        const status = given.status?.map((each) => (statuses as Record<string, string>)[each] ?? each)
        const filter = status === undefined ? given : { ...given, status }
        const { read, plan } = await explainAs(
          client,
          planning,
          listStatement(queryOf(filter, { kind: 'environment' })),
        )
        expect(read, plan).toBeLessThanOrEqual(maxRows)
      },
    )
  })
})

/** Reads the first pages, up to a limit. */
async function readPages(filter: Filter, order: 'asc' | 'desc', maxPages = 12) {
  const ids: string[] = []
  let after: ListQuery['after'] = null
  for (let pages = 1; pages <= maxPages; pages += 1) {
    const { found, next }: Page<Workload<'job'>> = await reads.list({
      ...queryOf(filter, { order, after }),
      kind: 'job',
    })
    expect(found.length).toBeLessThanOrEqual(limit)
    ids.push(...found.map(({ id }) => id))
    if (next === null) return { ids, pages, isComplete: true }
    after = next
  }
  return { ids, pages: maxPages, isComplete: false }
}

/** The same list by a full table scan. */
async function scanTable(filter: Filter, order: 'asc' | 'desc'): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(
    `SELECT id FROM workloads WHERE project_id = $1 AND kind = 'job' AND ($2::text[] IS NULL OR status = ANY($2)) AND labels @> $3
       AND starts_with(name, $4) AND ($5::text IS NULL OR provider = $5) AND ($6::text IS NULL OR connection_id = $6)
       AND ($7::bool IS NULL OR active = $7) AND ($8::text IS NULL OR environment_id = $8) AND ($9::text IS NULL OR remote_id = $9)
       AND ($10::timestamptz IS NULL OR created_at > $10) AND ($11::timestamptz IS NULL OR created_at < $11)
       AND ($12::text[] IS NULL OR id = ANY($12))
     ORDER BY ${filter.namePrefix === undefined ? '' : `name ${order},`} id ${order}`,
    [
      ...[
        target.projectId,
        filter.status,
        Object.fromEntries((filter.labels ?? []).map(({ key, value }) => [key, value])),
      ],
      ...[
        filter.namePrefix ?? '',
        filter.provider,
        filter.connectionId,
        filter.active,
        filter.environmentId,
        filter.remoteId,
      ],
      ...[filter.createdAfter, filter.createdBefore, filter.ids],
    ],
  )
  return rows.map(({ id }) => id)
}

it.each(Object.entries(filters).filter(([name]) => name !== 'two values of one label'))(
  'list pages filtered by %s match a full table scan in order',
  async (_, filter) => {
    for (const order of ['asc', 'desc'] as const) {
      const { ids, isComplete } = await readPages(filter, order)
      const expected = await scanTable(filter, order)
      expect(ids).toEqual(isComplete ? expected : expected.slice(0, ids.length))
    }
  },
)

it('rare and unmatched results are complete on the first page', async () => {
  for (const [name, filter] of Object.entries(filters)) {
    if (!/rare|unmatched|apart|two values/.test(name)) continue
    const { ids, pages } = await readPages(filter, 'desc', 2)
    expect(ids.length, name).toBeLessThanOrEqual(rareJobs)
    expect(pages, name).toBe(1)
  }
})

it('jobs in an environment of another project are neither listed nor read', async () => {
  const query = queryOf({ environmentId }, { projectId: makeId('project') })
  const { text, values } = listStatement(query)
  expect((await client.query(text, values as unknown[])).rows).toEqual([])
  const { read, plan } = await explainAs(client, 'custom plan', listStatement(query))
  expect(read, plan).toBeLessThanOrEqual(2)
})
