import { beforeEach, describe, expect, it } from 'vitest'
import { makeCallRecorder } from '../../../src/health/call-recorder.ts'
import { makeCallStatisticsRepository } from '../../../src/health/call-statistics.repository.ts'
import { makeHealthRepository } from '../../../src/health/health.repository.ts'
import { isDataError } from '../../../src/infra/database-errors.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { failingDuring, statementsDuring } from '../../support/job-batches.ts'
import { useDatabase, useTestDatabase } from '../../support/test-database.ts'

const test = await useTestDatabase()
const database = useDatabase({ url: test.url, poolSize: 8 })
const { sql, pool } = database
const { prune } = makeCallStatisticsRepository(sql)
const read = makeHealthRepository(sql)

beforeEach(async () => {
  await pool.query(`
    TRUNCATE connections, connection_calls, connection_results;
    INSERT INTO connections (id, project_id, provider, name, settings, sealed_credentials)
    SELECT 'conn_' || n, 'p', 'slurm', 'c' || n, '{}', '' FROM generate_series(1, 20) n`)
})

/** The call recorder of one process. */
function makeProcessRecorder(monotonicMs = () => 1000) {
  const lines: string[] = []
  const recorder = makeCallRecorder({
    ...{ store: makeCallStatisticsRepository(sql).add, isDataError, clock: { monotonicMs } },
    log: { warn: (_, line) => void lines.push(line) },
  })
  return { ...recorder, lines }
}

const call = { connectionId: 'conn_1', operation: 'list', seconds: 0.04 }
const outage = new ProviderError('unavailable', 'No connection.')
const target = { projectId: 'p', connectionId: 'conn_1' }
const readOne = async () => (await read(target))[0]

describe('call recorder', () => {
  it('stores any number of calls in one statement', async () => {
    const { record, flush } = makeProcessRecorder()
    const texts = await statementsDuring(async () => {
      for (let index = 0; index < 5000; index += 1)
        record({ ...call, connectionId: `conn_${1 + (index % 20)}`, ...(index % 7 === 0 && { error: outage }) })
      await flush()
      await flush()
    })
    expect(texts).toHaveLength(1)
    const { rows } = await pool.query('SELECT sum(calls)::int AS calls FROM connection_calls')
    expect(rows).toEqual([{ calls: 5000 }])
  })

  it('retries after a database outage and preserves call times', async () => {
    let nowMs = 0
    const { record, flush, lines } = makeProcessRecorder(() => nowMs)
    record(call)
    await failingDuring((text) => text.includes('connection_calls'), flush)
    expect(lines).toEqual(['provider call statistics not saved; will retry'])
    nowMs = 600_000
    record({ ...call, error: outage })
    await flush()
    const row = await readOne()
    expect(row?.calls.map(({ code, calls }) => [code, calls])).toEqual([
      ['ok', 1],
      ['unavailable', 1],
    ])
    const differenceMs = Number(row?.lastFailedAt) - Number(row?.lastSucceededAt)
    expect(differenceMs).toBe(600_000)
    expect(Math.abs(Number(row?.measuredAt) - Number(row?.lastFailedAt))).toBeLessThan(10_000)
  })

  it('drops calls that cannot be stored and stores later ones', async () => {
    const { record, flush, lines } = makeProcessRecorder()
    record({ ...call, operation: 'a\0b' })
    await flush()
    expect(lines).toEqual(['provider call statistics lost'])
    record(call)
    await flush()
    expect((await readOne())?.calls).toHaveLength(1)
  })

  it('stores pending calls on close', async () => {
    const { record, start, close } = makeProcessRecorder()
    start()
    record(call)
    await close()
    expect((await readOne())?.calls[0]?.calls).toBe(1)
  })
})

it('concurrent flushes of several processes add up without deadlocks', async () => {
  const processes = Array.from({ length: 8 }, () => makeProcessRecorder())
  for (let round = 0; round < 20; round += 1) {
    for (const [index, { record }] of processes.entries()) {
      const order = Array.from({ length: 20 }, (_, at) => 1 + ((at * (index % 2 === 0 ? 7 : 3) + index) % 20))
      for (const n of order) {
        record({ ...call, connectionId: `conn_${n}`, seconds: 0.2 })
        record({ ...call, connectionId: `conn_${n}`, operation: 'create', error: outage })
      }
    }
    await Promise.all(processes.map(({ flush }) => flush()))
  }
  expect(processes.flatMap(({ lines }) => lines)).toEqual([])
  const [row] = await read({ projectId: 'p', connectionId: null })
  expect(row?.calls.map(({ operation, code, calls, durationMs }) => [operation, code, calls, durationMs])).toEqual([
    ['create', 'unavailable', 3200, 128_000],
    ['list', 'ok', 3200, 640_000],
  ])
  expect(row?.calls[1]?.buckets[5]).toBe(3200)
  expect(row?.connections).toBe(20)
})

it('the newest failure is kept regardless of flush order', async () => {
  const [early, late] = [makeProcessRecorder(), makeProcessRecorder()]
  early.record({ ...call, error: new ProviderError('unavailable', 'the newer failure') })
  await early.flush()
  await pool.query("UPDATE connection_results SET last_failed_at = last_failed_at + interval '5 minutes'")
  late.record(call)
  late.record({ ...call, error: new ProviderError('timeout', 'the older failure') })
  await late.flush()
  expect((await readOne())?.lastFailure).toMatchObject({ message: 'the newer failure' })
  expect((await readOne())?.lastSucceededAt).toBeInstanceOf(Date)
})

it('calls over a deleted connection are not stored and its results are pruned', async () => {
  const { record, flush } = makeProcessRecorder()
  record({ ...call, error: outage })
  await flush()
  record({ ...call, error: outage })
  record({ ...call, connectionId: 'conn_2' })
  await pool.query("UPDATE connections SET deleted_at = now() WHERE id = 'conn_1'")
  await flush()
  const { rows } = await pool.query(
    'SELECT connection_id AS id, sum(calls)::int AS calls FROM connection_calls GROUP BY 1',
  )
  expect(rows).toContainEqual({ id: 'conn_1', calls: 1 })
  expect(rows).toContainEqual({ id: 'conn_2', calls: 1 })
  await prune(100)
  const remaining = await pool.query('SELECT connection_id AS id FROM connection_results')
  expect(remaining.rows).toEqual([{ id: 'conn_2' }])
})

it('reads cover the last hour and pruning deletes older counts in batches', async () => {
  await pool.query(`
    INSERT INTO connection_calls (connection_id, minute, operation, code, calls, duration_ms, buckets)
    SELECT 'conn_1', date_trunc('minute', now()) - n * interval '1 minute', 'list', 'ok', 1, 40, '{0,0,0,1,0,0,0,0,0,0,0,0,0,0,0}'
    FROM generate_series(0, 299) n`)
  const readCount = async () => (await readOne())?.calls[0]?.calls
  // 59 if a new minute has started since.
  const recent = [59, 60]
  expect(recent).toContain(await readCount())
  const deleted = [await prune(100), await prune(100), await prune(100)]
  expect([
    [100, 20, 0],
    [100, 21, 0],
  ]).toContainEqual(deleted)
  expect(recent).toContain(await readCount())
})
