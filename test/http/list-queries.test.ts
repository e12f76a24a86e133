import { Client } from 'pg'
import { describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { expectProblem } from '../support/problems.ts'

const bench = await useApiBench()

describe('an invalid list query', () => {
  it.each([
    ['limit', 'limit=0'],
    ['limit', 'limit=201'],
    ['limit', 'limit=1.5'],
    ['limit', 'limit=x'],
    ['limit', 'limit=1e30'],
    ['order', 'order=sideways'],
    ['view', 'view=all'],
    ['active', 'active=maybe'],
    ['status', 'status=nonsense'],
    ['status', 'status=queued,failed'],
    ['label', 'label=team'],
    ['label', `label=team%3A${'x'.repeat(129)}`],
    ['label', Array.from({ length: 9 }, () => 'label=a%3Ab').join('&')],
    ['connectionId', 'connectionId=7'],
    ['environmentId', 'environmentId=job_01h455vb4pex5vsknk084sn02q'],
    ['ids', Array.from({ length: 101 }, () => 'ids=a').join('&')],
    ['namePrefix', 'namePrefix='],
    ['namePrefix', 'namePrefix=%00'],
    ['remoteId', 'remoteId='],
    ['nonsense', 'nonsense=1'],
    ['__proto__', '__proto__=1'],
    ['createdAfter', 'createdAfter=yesterday'],
    ['createdAfter', 'createdAfter=2024-02-30T00:00:00Z'],
    ['createdAfter', 'createdAfter=2024-06-30T23:59:60Z'],
    ['createdAfter', 'createdAfter=0000-01-01T00:00:00Z'],
    ['createdBefore', 'createdBefore=-010000-01-01T00:00:00Z'],
    ['createdBefore', 'createdBefore=9999-12-31T23:59:59-23:59'],
    ['createdBefore', 'createdBefore=2024-05-01'],
    ['createdBefore', 'createdBefore=1714521600'],
  ])('returns 400 with a pointer to %s: %s', async (pointer, query) => {
    const response = await bench.api.call('GET', `/jobs?${query}`)
    expectProblem(response, response.body)
    expect(response.status).toBe(400)
    expect(
      (response.body.errors as { in: string; pointer: string }[]).map((error) => [
        error.in,
        error.pointer.split('/')[0],
      ]),
    ).toContainEqual(['query', pointer])
  })

  it('returns 400 for an out-of-range page size or sequence of events', async () => {
    const { api, connections } = bench
    const modelarts = { connectionId: connections.modelarts, resources: { flavor: 'f' } }
    const { id } = await api.ok('POST', '/jobs', jobRequest({ image: 'deep-learning/pytorch:2.1', ...modelarts }))
    expect((await api.call('GET', `/jobs/${id}/events?limit=201`)).status).toBe(400)
    for (const after of ['2147483648', '1e300', '-1', 'x'])
      expect(await api.call('GET', `/jobs/${id}/events?after=${after}`)).toMatchObject({
        status: 400,
        body: { errors: [{ in: 'query', pointer: 'after' }] },
      })
    expect((await api.call('GET', `/jobs/${id}/events?after=2147483647`)).status).toBe(200)
  })
})

it('a failed environment is active only if it was created at the provider', async () => {
  const { api, connections, database } = bench
  const make = () => api.ok('POST', '/environments', environmentRequest({ connectionId: connections.dataforest }))
  const [uncreated, failed] = [await make(), await make()]
  const sql = new Client({ connectionString: database.url })
  await sql.connect()
  await sql.query(`UPDATE workloads SET status = 'failed', ended_at = now() WHERE id = $1`, [uncreated.id])
  await sql.query(`UPDATE workloads SET status = 'failed', remote_id = 'r' WHERE id = $1`, [failed.id])
  await sql.end()
  for (const filter of ['', `&connectionId=${connections.dataforest}`, '&status=failed', '&namePrefix=ws']) {
    const idsOf = async (active: boolean) => {
      const { data } = (await api.ok('GET', `/environments?limit=200&active=${active}${filter}`)) as unknown as {
        data: { id: string }[]
      }
      return data.map(({ id }) => id)
    }
    const [active, ended] = [await idsOf(true), await idsOf(false)]
    expect([active.includes(failed.id), active.includes(uncreated.id)], filter).toEqual([true, false])
    expect([ended.includes(failed.id), ended.includes(uncreated.id)], filter).toEqual([false, true])
  }
})
