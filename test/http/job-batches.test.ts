import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import type { ApiCaller } from '../support/api-caller.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { idsOf, slurmJob, statementsDuring, submitBatch } from '../support/job-batches.ts'
import { expectProblem } from '../support/problems.ts'

let bench: ApiBench
let api: ApiCaller
let sql: Client

beforeAll(async () => {
  bench = await startApiBench({ settings: { requestRate: null, batchLimitBytes: 2_000_000, bodyLimitBytes: 300_000 } })
  api = bench.api
  sql = new Client({ connectionString: bench.database.url })
  await sql.connect()
})

afterAll(async () => {
  await sql?.end()
  await bench?.stop()
})

const job = (more: object = {}) => slurmJob(bench, more)
const many = (count: number, more: (index: number) => object = () => ({})) =>
  Array.from({ length: count }, (_, index) => job(more(index)))

describe('a job batch', () => {
  it('accepts and rejects each job separately, in request order', async () => {
    const { results, ...counts } = await submitBatch(api, [
      job({ name: 'first', labels: { part: 'a' } }),
      job({ image: 'python:3' }),
      job({ resources: { cpus: -1, memoryMiB: 1024 } }),
      job({ connectionId: undefined }),
      jobRequest({ environmentId: 'env_01h455vb4pex5vsknk084sn02q' }),
      'nonsense',
      job({ name: 'last' }),
    ])
    expect(counts).toEqual({ accepted: 2, rejected: 5 })
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6])
    const summaries = results.map(({ status, problem }) => [status, problem?.code, problem?.errors[0]?.pointer])
    expect(summaries).toEqual([
      ['accepted', undefined, undefined],
      ['rejected', 'unsupported', '/jobs/1/image'],
      ['rejected', 'invalid_request', '/jobs/2/resources/cpus'],
      ['rejected', 'connection_not_found', '/jobs/3/provider'],
      ['rejected', 'unprocessable', '/jobs/4/environmentId'],
      ['rejected', 'invalid_request', '/jobs/5'],
      ['accepted', undefined, undefined],
    ])
    expect(results[2]?.problem).toMatchObject({ status: 400, instance: '/jobs/batch', retryable: false })
    const stored = await api.ok('GET', `/jobs/${results[0]?.job?.id}`)
    expect(stored).toMatchObject({ name: 'first', labels: { part: 'a' }, status: 'queued' })
    expect(results[0]?.job).toEqual({ ...stored, script: undefined })
    expect(results[0]?.job).not.toHaveProperty('script')
  })

  it('reports the same error for a job as a single submit', async () => {
    const environment = await api.ok(
      'POST',
      '/environments',
      environmentRequest({ connectionId: bench.connections.dataforest }),
    )
    await sql.query(`UPDATE workloads SET status = 'deleted', active = false WHERE id = $1`, [environment.id])
    const bad = [
      job({ image: 'python:3' }),
      job({ connectionId: 'conn_01h455vb4pex5vsknk084sn02q' }),
      jobRequest({ environmentId: environment.id }),
      job({ name: 'no spaces' }),
    ]
    const { results } = await submitBatch(api, bad)
    for (const [index, body] of bad.entries()) {
      const single = (await api.call('POST', '/jobs', { body })).body
      const { code, status, detail } = single
      expect(results[index]?.problem).toMatchObject({
        code,
        status,
        detail: String(detail).replace('/name', '/jobs/3/name'),
      })
    }
  })

  it.each([
    ['no jobs', [], '/jobs'],
    ['1,001 jobs', Array.from({ length: 1001 }, () => ({})), '/jobs'],
    ['text that cannot be stored', [{ name: 'a\u0000b' }], '/jobs/0/name'],
  ])('is rejected as a whole with %s', async (_name, jobs, pointer) => {
    const response = await api.call('POST', '/jobs/batch', { body: { jobs } })
    expect(response.status).toBe(400)
    expect(expectProblem(response, response.body)).toBeUndefined()
    expect(response.body.errors).toMatchObject([{ in: 'body', pointer }])
  })

  it('has a larger size limit than other requests', async () => {
    const script = `#!/bin/sh\n${'x'.repeat(50_000)}`
    expect(
      (
        await submitBatch(
          api,
          many(20, () => ({ script })),
        )
      ).accepted,
    ).toBe(20)
    const response = await api.call('POST', '/jobs/batch', { body: { jobs: many(50, () => ({ script })) } })
    expect(response).toMatchObject({ status: 413, body: { code: 'payload_too_large' } })
  })

  it('is rejected before parsing above the limit of JSON values', async () => {
    const jobs = Array.from({ length: 1000 }, () => ({ labels: Array(250).fill(0) }))
    const response = await api.call('POST', '/jobs/batch', { body: { jobs } })
    expect(response).toMatchObject({ status: 413, body: { detail: expect.stringContaining('250000 JSON values') } })
  })

  it('limits the number of errors per job', async () => {
    const bad = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`field${index}`, 1]))
    const { rejected, results } = await submitBatch(
      api,
      many(50, () => bad),
    )
    expect(rejected).toBe(50)
    expect(new Set(results.map(({ problem }) => problem?.errors.length))).toEqual(new Set([10]))
  })

  it('stores 1,000 jobs in one statement and replays them in few', async () => {
    const jobs = many(1000, (index) => ({ name: `point-${index}`, labels: { sweep: 'large' } }))
    const headers = { 'idempotency-key': 'large' }
    await submitBatch(api, [job()])
    const sent = await statementsDuring(async () => {
      expect((await submitBatch(api, jobs, headers)).accepted).toBe(1000)
    })
    expect(sent.filter((text) => text.includes('INSERT INTO workloads'))).toHaveLength(1)
    expect(sent.length).toBeLessThan(15)
    const { rows } = await sql.query(
      `SELECT count(*)::int AS jobs, count(DISTINCT w.xmin::text)::int AS statements, count(e.id)::int AS events
       FROM workloads w LEFT JOIN workload_events e ON e.workload_id = w.id WHERE w.name LIKE 'point-%'`,
    )
    expect(rows[0]).toEqual({ jobs: 1000, statements: 1, events: 1000 })
    const repeated = await statementsDuring(async () => {
      const { results } = await submitBatch(api, jobs, headers)
      expect(results.every(({ replayed }) => replayed === true)).toBe(true)
    })
    expect(repeated.length).toBeLessThan(15)
  })

  it('reads the environments of its jobs in one statement', async () => {
    const connectionId = bench.connections.dataforest
    const environments = await Promise.all(
      Array.from({ length: 10 }, () => api.ok('POST', '/environments', environmentRequest({ connectionId }))),
    )
    const sent = await statementsDuring(async () => {
      const jobs = environments.map(({ id }) => jobRequest({ environmentId: id }))
      expect((await submitBatch(api, jobs)).accepted).toBe(10)
    })
    expect(sent.length).toBeLessThan(12)
  })

  it('writes an event and an audit log entry for each job', async () => {
    const ids = idsOf(await submitBatch(api, many(3)))
    const { rows } = await sql.query(
      `SELECT a.object_id AS id FROM audit a WHERE a.action = 'job.submitted' AND a.object_id = ANY($1)`,
      [ids],
    )
    expect(rows.map(({ id }) => id).toSorted()).toEqual(ids.toSorted())
    const { data } = await api.ok('GET', `/jobs/${ids[0]}/events`)
    expect(data).toMatchObject([{ seq: 1, type: 'job.queued' }])
  })
})
