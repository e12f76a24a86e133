import { describe, expect, it, onTestFinished } from 'vitest'
import { makeDatabase } from '../../src/infra/database.ts'
import { makeRecordLogWriter } from '../../src/record-logs/record-log-writer.ts'
import { makeRecordLogsRepository, type RecordStream } from '../../src/record-logs/record-logs.repository.ts'
import { useApiBench } from '../support/api-bench.ts'
import { slurmJob } from '../support/job-batches.ts'
import { settled } from '../support/settled.ts'

type Line = Record<string, unknown> & { id: string; log: string }

const bench = await useApiBench({ settings: { requestRate: null } })
let writers = 0

/** A record log writer with a separate database pool, for one test: a writer that goes on keeps the lease of the next. */
function startWriter(streams: readonly RecordStream[], { leaseMs = 5000, onWrite = async () => {} } = {}) {
  const database = makeDatabase({ url: bench.database.url, poolSize: 2 })
  const lines: Line[] = []
  const writer = makeRecordLogWriter({
    repository: makeRecordLogsRepository(database.sql, { holder: `writer-${writers++}`, leaseMs }),
    streams,
    async write(text) {
      await onWrite()
      lines.push(
        ...text
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line)),
      )
    },
    intervalMs: 20,
    log: { warn() {} },
  })
  writer.start()
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= writer.stop().then(() => database.close())
    return stopped
  }
  onTestFinished(stop)
  return { lines, stop }
}

const submit = () => bench.api.ok('POST', '/jobs', slurmJob(bench, { name: 'train', environmentVariables: { A: 'b' } }))
const idsOf = (lines: readonly Line[]) => lines.map(({ id }) => id)
const hasStarted = async (stream: RecordStream) =>
  (await bench.open.pool.query('SELECT 1 FROM record_logs WHERE stream = $1 AND lease_id IS NOT NULL', [stream]))
    .rowCount === 1

describe('record log', () => {
  it('writes each record since the first start once across processes', async () => {
    await submit()
    await settled(bench.open)
    const both = [startWriter(['audit', 'events']), startWriter(['audit', 'events'])]
    await expect.poll(() => Promise.all([hasStarted('audit'), hasStarted('events')])).toEqual([true, true])
    const jobs = await Promise.all(Array.from({ length: 8 }, submit))
    const all = () => both.flatMap(({ lines }) => lines)
    await expect.poll(() => all().length).toBe(16)
    expect(new Set(idsOf(all())).size).toBe(16)
    expect(
      all()
        .filter(({ log }) => log === 'event')
        .map(({ recordId }) => recordId)
        .toSorted(),
    ).toEqual(jobs.map(({ id }) => id).toSorted())
    expect(all().find(({ log }) => log === 'audit')).toMatchObject({
      action: 'job.submitted',
      subject: expect.any(String),
      outcome: 'done',
    })
  })

  it('resumes in another process after a stop and includes a new project', async () => {
    const first = startWriter(['events'])
    const { id } = await submit()
    await expect.poll(() => first.lines.map(({ recordId }) => recordId)).toContain(id)
    await first.stop()
    const missed = await submit()
    await bench.open.pool.query(`INSERT INTO projects (id, name) VALUES ('prj_new', 'new')`)
    await bench.open.pool.query(
      `INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data) VALUES ('job_new', 1, 'evt_new', 'prj_new', 'job', 'job.queued', '{}')`,
    )
    const second = startWriter(['events'])
    await expect
      .poll(() => second.lines.map(({ recordId }) => recordId).toSorted())
      .toEqual([missed.id, 'job_new'].toSorted())
  })

  it('repeats lines with the same ids after a stop before the cursor update', async () => {
    await submit()
    const first = startWriter(['audit'], {
      async onWrite() {
        // The line is written, but the cursor does not move because the lease has expired.
        void first.stop()
        await bench.open.pool.query(`UPDATE record_logs SET lease_until = now() WHERE stream = 'audit'`)
      },
    })
    await expect.poll(() => first.lines.length).toBeGreaterThan(0)
    await first.stop()
    const second = startWriter(['audit'])
    const { id: later } = await submit()
    await expect.poll(() => second.lines.map(({ objectId }) => objectId)).toContain(later)
    const written = idsOf([...first.lines, ...second.lines])
    for (const id of idsOf(first.lines)) expect(written.filter((each) => each === id)).toHaveLength(2)
  })

  it('waits for an open transaction with an earlier record', async () => {
    const writer = startWriter(['audit'])
    const open = await bench.open.pool.connect()
    await open.query('BEGIN')
    await open.query(
      `INSERT INTO audit (id, project_id, subject, address, request_id, action, outcome, data) VALUES ('aud_z', 'p', 's', '', '', 'thing.done', 'done', '{}')`,
    )
    const { id } = await submit()
    const objects = () => writer.lines.map((line) => line.objectId ?? line.id)
    // Enough intervals for a record that does not wait.
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(objects()).not.toContain(id)
    await open.query('COMMIT')
    open.release()
    await expect.poll(objects).toEqual(expect.arrayContaining(['aud_z', id]))
    expect(objects().indexOf('aud_z')).toBeLessThan(objects().indexOf(id))
  })

  it('continues with new records if transaction ids restart after a restore', async () => {
    const cursorXid = async () =>
      BigInt((await bench.open.pool.query(`SELECT xid FROM record_log_cursors WHERE stream = 'audit'`)).rows[0].xid)
    const future = 2n ** 60n
    await bench.open.pool.query(
      `UPDATE record_log_cursors SET xid = $1::text::xid8, record_id = 'z', seq = 9 WHERE stream = 'audit'`,
      [String(future)],
    )
    const writer = startWriter(['audit'])
    await expect.poll(cursorXid).toBeLessThan(future)
    const { id } = await submit()
    await expect.poll(() => writer.lines.map(({ objectId }) => objectId)).toContain(id)
  })
})
