import { describe, expect, it } from 'vitest'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest, jobRequest } from '../support/dataforest-account.ts'
import { failingDuring, idsOf, slurmJob, submitBatch } from '../support/job-batches.ts'
import { useSqlClient } from '../support/test-database.ts'

const bench = await useApiBench({ settings: { requestRate: null } })
const { api } = bench
const sql = await useSqlClient(bench.database)

const job = (name: string, more: object = {}) => slurmJob(bench, { name, ...more })
const keyed = (name: string) => job(name, { idempotencyKey: name })

/** Inserts of jobs with this name fail with the SQLSTATE. */
async function failInsertsOf(name: string, state: string): Promise<void> {
  await sql.query(`CREATE FUNCTION fail_${name}() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'failed' USING ERRCODE = '${state}'; END $$`)
  await sql.query(`CREATE TRIGGER fail_${name} BEFORE INSERT ON workloads FOR EACH ROW WHEN (NEW.name = '${name}')
    EXECUTE FUNCTION fail_${name}()`)
}

describe('a partially failed batch', () => {
  it('returns the stored jobs even if the replayed ones cannot be read', async () => {
    const before = await submitBatch(api, ['read-0', 'read-1'].map(keyed))
    const jobs = ['read-0', 'read-1', 'read-2'].map(keyed)
    const readsRecords = (text: string) => text.includes('w.spec') && text.includes('w.id = ANY')
    const { results } = await failingDuring(readsRecords, () => submitBatch(api, jobs))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'accepted'])
    for (const { problem } of results.slice(0, 2))
      expect(problem).toMatchObject({ status: 503, code: 'unavailable', retryable: true })
    const again = await submitBatch(api, jobs)
    expect(idsOf(again)).toEqual([...idsOf(before), results[2]?.job?.id])
  })

  it('reports a defect as an internal error of its job', async () => {
    await failInsertsOf('defect', '23514')
    const { results } = await submitBatch(api, [job('image', { image: 'python:3' }), job('defect')])
    expect(results.map(({ problem }) => [problem?.status, problem?.code])).toEqual([
      [422, 'unsupported'],
      [500, 'internal'],
    ])
  })

  it('returns 503 if nothing is stored and the database is unavailable', async () => {
    await failInsertsOf('unavailable', '57014')
    const body = { jobs: [job('image', { image: 'python:3' }), job('unavailable')] }
    expect((await api.call('POST', '/jobs/batch', { body })).body).toMatchObject({ status: 503, code: 'unavailable' })
  })

  it('marks an unavailable job as retryable only if it has an idempotency key', async () => {
    // A replay of a job that would be rejected now is not part of the insert, and succeeds without it.
    const connectionId = bench.connections.dataforest
    const { id: environmentId } = await api.ok('POST', '/environments', environmentRequest({ connectionId }))
    const replayed = jobRequest({ environmentId, idempotencyKey: 'stored' })
    await submitBatch(api, [replayed])
    await sql.query(`UPDATE workloads SET status = 'deleted', active = false WHERE id = $1`, [environmentId])
    await failInsertsOf('lost', '57014')
    const { results } = await submitBatch(api, [replayed, job('lost', { idempotencyKey: 'lost' }), job('lost')])
    expect(results[0]).toMatchObject({ status: 'accepted', replayed: true })
    expect(results[1]?.problem).toMatchObject({ code: 'unavailable', retryable: true })
    expect(results[1]?.problem?.detail).toContain('with the same key')
    expect(results[2]?.problem).toMatchObject({ code: 'unavailable', retryable: false })
    expect(results[2]?.problem?.detail).not.toContain('the same key')
    expect(results[2]?.problem?.detail).toContain('GET /jobs')
  })
})
