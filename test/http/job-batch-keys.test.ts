import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import type { ApiCaller } from '../support/api-caller.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { idsOf, slurmJob, submitBatch } from '../support/job-batches.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'

let bench: ApiBench
let second: Switchyard
let api: ApiCaller
let sql: Client

beforeAll(async () => {
  bench = await startApiBench({ settings: { requestRate: null } })
  api = bench.api
  second = await startSwitchyard({
    ...{ databaseUrl: bench.database.url, redis: null, role: 'api', settings: { requestRate: null } },
  })
  sql = new Client({ connectionString: bench.database.url })
  await sql.connect()
})

afterAll(async () => {
  await sql?.end()
  await second?.stop()
  await bench?.stop()
})

const jobsNamed = (name: string, count: number, more: (index: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, index) => slurmJob(bench, { name, ...more(index) }))
const countOf = async (name: string) => {
  const { rows } = await sql.query('SELECT count(*)::int AS n FROM workloads WHERE name = $1', [name])
  return rows[0].n as number
}

describe('batch idempotency key', () => {
  it.each([
    ['by-batch', () => ({}), { 'idempotency-key': 'whole' }],
    ['by-job', (index: number) => ({ idempotencyKey: `own-${index}` }), {}],
  ])('returns the same jobs for a repeated batch (key %s)', async (name, more, headers) => {
    const first = await submitBatch(api, jobsNamed(name, 30, more), headers)
    const again = await submitBatch(second.api, jobsNamed(name, 30, more), headers)
    expect(first.results.some(({ replayed }) => replayed)).toBe(false)
    expect(again.results.every(({ replayed }) => replayed === true)).toBe(true)
    expect(idsOf(again)).toEqual(idsOf(first))
    expect(await countOf(name)).toBe(30)
  })

  it('creates each job once for identical concurrent batches at two instances', async () => {
    const jobs = jobsNamed('together', 200)
    const headers = { 'idempotency-key': 'together' }
    const responses = await Promise.all(
      Array.from({ length: 8 }, (_, index) => submitBatch(index % 2 === 0 ? api : second.api, jobs, headers)),
    )
    for (const response of responses) expect(idsOf(response)).toEqual(idsOf(responses[0] ?? response))
    expect(new Set(idsOf(responses[0] as (typeof responses)[number])).size).toBe(200)
    const created = responses.flatMap(({ results }) => results.filter(({ replayed }) => replayed !== true))
    expect(created).toHaveLength(200)
    expect(await countOf('together')).toBe(200)
  })

  it('is shared with concurrent single submits', async () => {
    const jobs = jobsNamed('mixed', 60, (index) => ({ idempotencyKey: `mixed-${index}` }))
    const [batch, ...singles] = await Promise.all([
      submitBatch(api, jobs),
      ...jobsNamed('mixed', 60).map((body, index) =>
        (index % 2 === 0 ? api : second.api).call('POST', '/jobs', {
          body,
          headers: { 'idempotency-key': `mixed-${index}` },
        }),
      ),
    ])
    expect(singles.map(({ body }) => body.id)).toEqual(idsOf(batch))
    expect(await countOf('mixed')).toBe(60)
  })

  it('matches a single submit that uses the batch key and the position', async () => {
    const { results } = await submitBatch(api, jobsNamed('derived', 2), { 'idempotency-key': 'sweep-7' })
    const headers = { 'idempotency-key': 'sweep-7/1' }
    const single = await api.call('POST', '/jobs', { body: jobsNamed('derived', 1)[0] ?? {}, headers })
    expect(single.body.id).toBe(results[1]?.job?.id)
    expect(single.headers.get('idempotency-replayed')).toBe('true')
  })

  it('rejects a different job under the same key and accepts the others', async () => {
    const headers = { 'idempotency-key': 'changed' }
    await submitBatch(api, jobsNamed('original', 1), headers)
    const ownKey = { idempotencyKey: 'changed/0' }
    const other = await submitBatch(api, jobsNamed('other', 2), headers)
    expect(other.results.map(({ status }) => status)).toEqual(['rejected', 'accepted'])
    expect(other.results[0]?.problem).toMatchObject({
      ...{ status: 422, code: 'idempotency_key_reused' },
      errors: [{ in: 'header', pointer: 'idempotency-key' }],
    })
    const withOwn = await submitBatch(
      api,
      jobsNamed('third', 1, () => ownKey),
    )
    expect(withOwn.results[0]?.problem?.errors).toMatchObject([{ in: 'body', pointer: '/jobs/0/idempotencyKey' }])
  })

  it('rejects a second job with the same key in a batch', async () => {
    const jobs = jobsNamed('twice', 3, (index) => ({ idempotencyKey: index === 1 ? 'other' : 'twice' }))
    const { results } = await submitBatch(api, jobs)
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'accepted', 'rejected'])
    expect(results[2]?.problem).toMatchObject({
      ...{ code: 'invalid_request', detail: expect.stringContaining('job 0') },
      errors: [{ in: 'body', pointer: '/jobs/2/idempotencyKey', code: 'unique' }],
    })
  })

  it('rejects a job key equal to a derived one and points at the job', async () => {
    const jobs = jobsNamed('header', 2, (index) => (index === 0 ? { idempotencyKey: 'header/1' } : {}))
    const { results } = await submitBatch(api, jobs, { 'idempotency-key': 'header' })
    expect(results.map(({ status }) => status)).toEqual(['accepted', 'rejected'])
    expect(results[1]?.problem?.errors).toMatchObject([
      { in: 'body', pointer: '/jobs/1', code: 'unique', detail: expect.stringMatching(/header\/1.*Idempotency-Key/) },
    ])
  })

  it('returns the stored job even if it would be rejected now', async () => {
    const connectionId = bench.connections.dataforest
    const { id: environmentId } = await api.ok('POST', '/environments', environmentRequest({ connectionId }))
    const jobs = [jobRequest({ environmentId }), jobRequest({ environmentId, name: 'new', idempotencyKey: 'new' })]
    const first = await submitBatch(api, jobs.slice(0, 1), { 'idempotency-key': 'late' })
    await sql.query(`UPDATE workloads SET status = 'deleted', active = false WHERE id = $1`, [environmentId])
    const { results } = await submitBatch(api, jobs, { 'idempotency-key': 'late' })
    expect(results[0]).toMatchObject({ status: 'accepted', replayed: true, job: { id: idsOf(first)[0] } })
    expect(results[1]).toMatchObject({ status: 'rejected', problem: { code: 'conflict' } })
  })

  it('returns stored jobs and reports the others as unavailable after a database failure', async () => {
    const connectionId = bench.connections.dataforest
    const { id: environmentId } = await api.ok('POST', '/environments', environmentRequest({ connectionId }))
    const jobs = [jobRequest({ environmentId }), slurmJob(bench, { name: 'outage' })]
    await submitBatch(api, jobs.slice(0, 1), { 'idempotency-key': 'outage' })
    await sql.query(`UPDATE workloads SET status = 'deleted', active = false WHERE id = $1`, [environmentId])
    await sql.query(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'canceled' USING ERRCODE = '57014'; END $$`)
    await sql.query(`CREATE TRIGGER fail BEFORE INSERT ON workloads FOR EACH ROW WHEN (NEW.name = 'outage')
      EXECUTE FUNCTION fail()`)
    const { results } = await submitBatch(api, jobs, { 'idempotency-key': 'outage' })
    expect(results[0]).toMatchObject({ status: 'accepted', replayed: true })
    expect(results[1]?.problem).toMatchObject({ status: 503, code: 'unavailable', retryable: true })
  })
})
