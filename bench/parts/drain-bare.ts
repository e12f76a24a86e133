import { Queue } from 'bullmq'
import { sandboxConnection } from '../../src/commands/sandbox-connections.ts'
import { type Program, startProgram } from '../program.ts'
import { slots } from '../rules.ts'
import type { Stack } from '../stack.ts'

const queueName = 'bare-jobs'

/** Inserts rows and messages for the jobs of the baseline. */
export async function enqueueBareJobs({ pool, redis }: Stack, count: number): Promise<void> {
  const spec = { name: 'bare', script: '#!/bin/sh\nsleep 3600\n', resources: { cpus: 1, memoryMiB: 1024 } }
  const { rows } = await pool.query<{ id: string }>(
    `INSERT INTO bare_jobs (id, provider, name, status, spec, labels)
    SELECT 'job_' || gen_random_uuid(), 'slurm', 'job-' || n, 'queued', $1, '{"team": "bench"}' FROM generate_series(1, $2) AS n
    RETURNING id`,
    [JSON.stringify(spec), count],
  )
  await pool.query('VACUUM ANALYZE bare_jobs')
  const queue = new Queue(queueName, { connection: { url: redis.url } })
  await queue.addBulk(rows.map(({ id }) => ({ name: 'dispatch', data: { id, spec } })))
  await queue.close()
}

/** Starts a BullMQ worker that creates each job at the provider and executes one UPDATE. */
export function startBareWorker({ databaseUrl, redis, sandbox }: Stack): Promise<Program<unknown>> {
  const slurm = sandboxConnection(sandbox.ready, 'slurm')
  return startProgram(new URL('../programs/bare-worker.ts', import.meta.url), {
    DATABASE_URL: databaseUrl,
    REDIS_URL: redis.url,
    QUEUE: queueName,
    CONCURRENCY: String(slots),
    CONNECTION: JSON.stringify({ settings: slurm?.settings.slurm, credentials: slurm?.credentials.slurm }),
  })
}
