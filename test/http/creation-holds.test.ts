import { expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { useApiBench } from '../support/api-bench.ts'
import { useSqlClient } from '../support/test-database.ts'

const bench = await useApiBench()
const sql = await useSqlClient(bench.database)
const { api } = bench
const list = async (query = '') => (await api.ok('GET', `/creation-holds${query}`)).data as unknown as ApiRecord[]

it('is created, listed and released, and the audit log tells by whom', async () => {
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

it('exists once for a scope, also if two are created at once', async () => {
  const body = { connectionId: bench.connections.slurm }
  const answers = await Promise.all([1, 2, 3].map(() => api.call('POST', '/creation-holds', { body })))
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409])
  const { body: made } = answers.find(({ status }) => status === 201) ?? answers[0] ?? { body: null }
  const refused = answers.find(({ status }) => status === 409)
  expect(refused?.body).toMatchObject({ detail: expect.stringContaining(String(made?.id)) })
  await api.ok('DELETE', `/creation-holds/${made?.id}`)
  await api.ok('DELETE', `/creation-holds/${(await api.ok('POST', '/creation-holds', body)).id}`)
})

it.each([
  [{}, 400],
  [{ note: 'nothing is named' }, 400],
  [{ provider: 'nobody' }, 422],
  [{ connectionId: 'conn_01h455vb4pex5vsknk084sn02q' }, 422],
  [{ projectId: 'prj_01h455vb4pex5vsknk084sn02q' }, 422],
])('is rejected if it names nothing that exists: %j', async (body, status) => {
  expect(await api.call('POST', '/creation-holds', { body })).toMatchObject({ status })
})

it('is rejected if its parts match nothing together', async () => {
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

it('is found by its index at a claim, however many were released', async () => {
  await sql.query(
    `INSERT INTO creation_holds (id, provider, note, created_by, released_at, woken_at)
     SELECT 'hold_' || n, 'slurm', '', 'somebody', now(), now() FROM generate_series(1, 20000) n`,
  )
  await sql.query('ANALYZE creation_holds')
  const { rows } = await sql.query(
    `EXPLAIN SELECT 1 FROM creation_holds h WHERE h.released_at IS NULL AND (h.provider IS NULL OR h.provider = 'x')`,
  )
  expect(rows.map((row) => row['QUERY PLAN']).join()).toContain('creation_holds_active')
})
