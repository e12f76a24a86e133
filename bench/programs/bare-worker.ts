import { Worker } from 'bullmq'
import { Pool } from 'pg'
import { makeHttpClient } from '../../src/providers/kit/http.ts'
import type { Session } from '../../src/providers/provider.ts'
import { slurmProvider } from '../../src/providers/slurm/index.ts'
import type { JobSpec } from '../../src/vocabulary/spec.ts'

// What a first version of the worker would be: a handler that makes the signed call and writes down that it did. It
// keeps no ledger, and makes a job twice when it ends in between.

process.once('disconnect', () => process.exit(0))
const { DATABASE_URL, REDIS_URL = '', QUEUE = '', CONCURRENCY, CONNECTION = '' } = process.env
const { settings, credentials } = JSON.parse(CONNECTION) as Pick<Session, 'settings' | 'credentials'>
const clock = { now: () => new Date(), monotonicMs: () => performance.now() }
const callMs = 30_000
const http = makeHttpClient({
  baseUrl: slurmProvider.baseUrl(settings),
  clock,
  connectTimeoutMs: 5000,
  timeoutMs: callMs,
  maxResponseBytes: 1_000_000,
})
const driver = slurmProvider.open({ settings, credentials, http, clock }).drivers.job
if (driver === undefined) throw new Error('Slurm has jobs.')
const pool = new Pool({ connectionString: DATABASE_URL, max: 16 })
const { signal } = new AbortController()

const worker = new Worker<{ id: string; spec: JobSpec }>(
  QUEUE,
  async ({ data: { id, spec } }) => {
    const startedAt = clock.now()
    const sendBy = { at: new Date(startedAt.getTime() + callMs), monotonicMs: clock.monotonicMs() + callMs }
    const mark = `m${id.replaceAll(/\W|_/g, '').slice(-20)}`
    const intent = { mark, spec, environmentRemoteId: null, before: null, sendBy, firstSentAt: startedAt }
    const { remoteId } = await driver.create(intent, signal)
    await pool.query({
      name: 'dispatched',
      text: `UPDATE bare_jobs SET status = 'running', remote_id = $2, started_at = $3, ended_at = now() WHERE id = $1`,
      values: [id, remoteId, startedAt],
    })
  },
  { connection: { url: REDIS_URL }, concurrency: Number(CONCURRENCY) },
)
worker.on('failed', (_job, error) => {
  process.stderr.write(`${error.message}\n`)
  process.exit(1)
})
process.send?.({})
