import { Worker } from 'bullmq'
import { Pool } from 'pg'
import type { JobSpec } from '../../src/vocabulary/spec.ts'
import { makeBareDriver } from './bare-driver.ts'

// Baseline worker: a handler that makes the signed call and records it. It has no ledger, and creates a job twice if it
// exits in between.

process.once('disconnect', () => process.exit(0))
const { DATABASE_URL, REDIS_URL = '', QUEUE = '', CONCURRENCY, CONNECTION = '' } = process.env
const create = makeBareDriver(CONNECTION)
const pool = new Pool({ connectionString: DATABASE_URL, max: 16 })

const worker = new Worker<{ id: string; spec: JobSpec }>(
  QUEUE,
  async ({ data: { id, spec } }) => {
    const startedAt = new Date()
    const remoteId = await create(id, spec)
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
