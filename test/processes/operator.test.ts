import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { slurmJob } from '../support/job-batches.ts'
import { parkJobs } from '../support/parked-jobs.ts'
import { runCommand, type Serving, serveProcess } from '../support/process.ts'

let bench: ApiBench
let sql: Client
const started: Serving[] = []

beforeAll(async () => {
  bench = await startApiBench({ settings: { requestRate: null } })
  sql = new Client({ connectionString: bench.database.url })
  await sql.connect()
})

afterAll(async () => {
  for (const serving of started) await serving.end('SIGKILL')
  await sql?.end()
  await bench?.stop()
})

async function serve(env: Readonly<Record<string, string>>): Promise<Serving> {
  const serving = await serveProcess({ DATABASE_URL: bench.database.url, MAX_EVENT_LOOP_DELAY_MS: '0', ...env })
  started.push(serving)
  return serving
}

describe('bulk resolve', () => {
  it('resolves each workload once if repeated after its process is killed', async () => {
    const ids = await parkJobs(bench, sql, 8)
    const { api, end } = await serve({ ROLE: 'api' })
    const body = { filter: { provider: 'slurm' }, resolution: { outcome: 'not_created' } }
    // The first four can be resolved; the others wait for this lock.
    const locker = new Client({ connectionString: bench.database.url })
    await locker.connect()
    await locker.query('BEGIN')
    try {
      await locker.query('SELECT 1 FROM workloads WHERE id = ANY($1) FOR UPDATE', [ids.slice(4)])
      const aborted = api.call('POST', '/attention/resolve', { body }).catch((error: unknown) => error)
      const waiting = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
      await expect.poll(async () => (await sql.query(waiting)).rowCount, { timeout: 60_000 }).toBe(4)
      await end('SIGKILL')
      expect(await aborted).toBeInstanceOf(Error)
    } finally {
      // An open transaction holds back the feeds of all databases of the cluster.
      await locker.end()
    }
    await expect
      .poll(async () => {
        await bench.api.ok('POST', '/attention/resolve', body)
        return ((await bench.api.ok('GET', '/attention')) as unknown as { data: unknown[] }).data
      })
      .toEqual([])
    const { rows } = await sql.query(
      `SELECT (SELECT count(*)::int FROM workload_events e WHERE e.workload_id = i AND e.type = 'job.resolved') AS events,
         (SELECT count(*)::int FROM audit a WHERE a.object_id = i AND a.action = 'job.resolved') AS audit
       FROM unnest($1::text[]) i`,
      [ids],
    )
    expect(rows).toEqual(ids.map(() => ({ events: 1, audit: 1 })))
  })
})

describe('doctor', () => {
  const doctor = (...args: string[]) => runCommand(['doctor', ...args], { DATABASE_URL: bench.database.url }).exited

  it('lists repairs, applies them and reports holds', async () => {
    const [id = ''] = await parkJobs(bench, sql, 1)
    await sql.query(`UPDATE workloads SET lease_id = 'x', lease_until = now() - interval '1 hour' WHERE id = $1`, [id])
    const hold = await bench.api.ok('POST', '/creation-holds', { provider: 'aitems' })
    const line = (prefix: string) =>
      new RegExp(`${prefix}  leases end in time\\n     ${id}  leased until .* → no lease`)
    const dry = await doctor('--fix', '--dry-run')
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringMatching(line('would fix'))])
    const plain = await doctor()
    expect(plain.stdout).toContain('doctor --fix --dry-run lists what can be repaired')
    const fixed = await doctor('--fix')
    expect(fixed.stdout).toMatch(line('fixed'))
    expect(fixed.stdout).toContain('ok  leases end in time')
    expect(fixed.stdout).toContain(`note ${hold.id} holds new creates of aitems`)
    expect(await doctor('--dry-run')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Usage: main.ts doctor'),
    })
  })
})

describe('worker with record logs', () => {
  it('writes records as JSON lines among log messages, without secrets', async () => {
    const { logged, stdout } = await serve({ ROLE: 'worker', AUDIT_LOG: 'stdout', EVENT_LOG: 'stdout' })
    const streams = async () =>
      (await sql.query('SELECT stream FROM record_logs ORDER BY stream')).rows.map((row) => row.stream)
    await expect.poll(streams).toEqual(['audit', 'events'])
    const canary = 'canary-of-a-secret-variable'
    const { id } = await bench.api.ok('POST', '/jobs', slurmJob(bench, { secretVariables: { TOKEN: canary } }))
    await logged((line) => line.log === 'audit' && line.objectId === id)
    await logged((line) => line.log === 'event' && line.recordId === id && line.type === 'job.queued')
    const lines = stdout()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.filter((line) => (line.log === undefined) === (line.level === undefined))).toEqual([])
    expect(stdout()).not.toContain(canary)
  })
})
