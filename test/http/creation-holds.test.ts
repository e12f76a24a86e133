import { expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { Prisma } from '../../src/infra/database.ts'
import { makeCreationHoldsRepository } from '../../src/workloads/maintenance/creation-holds.repository.ts'
import { makeCreationHolds } from '../../src/workloads/maintenance/creation-holds.ts'
import { holdOf } from '../../src/workloads/store/hold-condition.repository.ts'
import { useApiBench } from '../support/api-bench.ts'
import { useSqlClient } from '../support/test-database.ts'

const bench = await useApiBench()
const sql = await useSqlClient(bench.database)
const { api } = bench
const list = async (query = '') => (await api.ok('GET', `/creation-holds${query}`)).data as unknown as ApiRecord[]

it('a creation hold is created, listed and released with audit log entries', async () => {
  const hold = await api.ok('POST', '/creation-holds', { provider: 'slurm', note: 'maintenance' })
  expect(hold).toMatchObject({ id: expect.stringMatching(/^hold_/), provider: 'slurm', note: 'maintenance' })
  expect(await api.ok('GET', `/creation-holds/${hold.id}`)).toEqual(hold)
  expect(await list('?active=true')).toEqual([hold])
  const released = await api.ok('DELETE', `/creation-holds/${hold.id}`)
  expect(released).toMatchObject({ releasedAt: expect.any(String) })
  expect(await api.ok('DELETE', `/creation-holds/${hold.id}`)).toEqual(released)
  expect([await list('?active=true'), await list('?active=false')]).toEqual([[], [released]])
  const { data } = await api.ok('GET', `/audit?objectId=${hold.id}`)
  expect((data as unknown as ApiRecord[]).map((entry) => Reflect.get(entry, 'action'))).toEqual([
    ...['creation_hold.released', 'creation_hold.created'],
  ])
})

it('concurrent requests create only one hold per scope', async () => {
  const body = { connectionId: bench.connections.slurm }
  const responses = await Promise.all([1, 2, 3].map(() => api.call('POST', '/creation-holds', { body })))
  expect(responses.map(({ status }) => status).toSorted()).toEqual([201, 409, 409])
  const { body: made } = responses.find(({ status }) => status === 201) ?? responses[0] ?? { body: null }
  const rejected = responses.find(({ status }) => status === 409)
  expect(rejected?.body).toMatchObject({ detail: expect.stringContaining(String(made?.id)) })
  await api.ok('DELETE', `/creation-holds/${made?.id}`)
  await api.ok('DELETE', `/creation-holds/${(await api.ok('POST', '/creation-holds', body)).id}`)
})

it('a create is retried if the conflicting hold was released meanwhile', async () => {
  const repository = makeCreationHoldsRepository(bench.open.prisma)
  let conflicts = 1
  const insert: typeof repository.insert = async (hold) => {
    conflicts -= 1
    return conflicts < 0 ? repository.insert(hold) : null
  }
  const holds = makeCreationHolds({ repository: { ...repository, insert }, providerIds: ['ray'], onWakeFailure() {} })
  const caller = { by: { subject: 's', address: '', requestId: '' }, projectId: 'p' }
  const scope = { provider: 'ray', connectionId: null, projectId: null, note: '' }
  const { id } = await holds.create(scope, caller)
  expect(await list('?active=true')).toMatchObject([{ id }])
  await api.ok('DELETE', `/creation-holds/${id}`)
  conflicts = 2
  await expect(holds.create(scope, caller)).rejects.toThrow('Try again')
})

it.each([
  [{}, 400],
  [{ note: 'no scope' }, 400],
  [{ provider: 'nobody' }, 422],
  [{ connectionId: 'conn_01h455vb4pex5vsknk084sn02q' }, 422],
  [{ projectId: 'prj_01h455vb4pex5vsknk084sn02q' }, 422],
])('a hold without an existing scope is rejected: %j', async (body, status) => {
  expect(await api.call('POST', '/creation-holds', { body })).toMatchObject({ status })
})

it('a hold whose provider, connection and project do not match is rejected', async () => {
  const connectionId = bench.connections.slurm
  const { id: projectId } = await api.ok('POST', '/projects', { name: 'another' })
  for (const other of [{ provider: 'ray' }, { projectId }])
    expect(await api.call('POST', '/creation-holds', { body: { connectionId, ...other } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/connectionId', code: 'not_found' }] },
    })
  const hold = await api.ok('POST', '/creation-holds', { connectionId, provider: 'slurm' })
  await api.ok('DELETE', `/creation-holds/${hold.id}`)
})

it.each([
  [
    'after a claim',
    (hold: Prisma.Sql) => Prisma.sql`EXPLAIN SELECT EXISTS (${hold}) FROM workloads w WHERE w.id = 'x'`,
  ],
  ['before a create', (hold: Prisma.Sql) => Prisma.sql`EXPLAIN SELECT 1 FROM workloads w WHERE NOT EXISTS (${hold})`],
])('the lookup %s uses the index of active holds', async (_, explained) => {
  await sql.query(
    `INSERT INTO creation_holds (id, provider, note, created_by, released_at, woken_at)
     SELECT 'hold_' || n, 'slurm', '', 'somebody', now(), now() FROM generate_series(1, 20000) n ON CONFLICT DO NOTHING`,
  )
  await sql.query('ANALYZE creation_holds')
  const rows = await bench.open.prisma.$queryRaw<Record<string, string>[]>(explained(holdOf('w')))
  const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
  expect(plan).toContain('creation_holds_active')
  expect(plan).not.toContain('Seq Scan on creation_holds')
})
