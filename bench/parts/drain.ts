import { setTimeout as sleep } from 'node:timers/promises'
import { countDatabase, watchProcesses } from '../measure.ts'
import type { Figures, Part } from '../part.ts'
import type { Program } from '../program.ts'
import type { LoadResult } from '../programs/load.ts'
import { apiKey, startLoad, startService } from '../services.ts'
import type { SandboxProgram, Stack } from '../stack.ts'
import { enqueueBareJobs, startBareWorker } from './drain-bare.ts'

/** A backlog of one connection, taken by one worker, beside a queue's handler that does the same call and one UPDATE. */
export const drain: Part = {
  name: 'drain',
  unit: 'job',
  async run(stack, { isShort }) {
    const jobs = isShort ? 500 : 3000
    await stack.clear()
    await submit(stack, jobs)
    const switchyard = await measure(stack, { jobs, query: ownProgress, start: () => startService(stack, 'worker') })
    await stack.clear()
    await enqueueBareJobs(stack, jobs)
    const bare = await measure(stack, { jobs, query: bareProgress, start: () => startBareWorker(stack) })
    return { switchyard, 'bare BullMQ': bare }
  },
}

interface Race {
  jobs: number
  start(): Promise<Program<unknown>>
  query: ProgressQuery
}

interface ProgressQuery {
  /** `left` of the backlog, and `leases` held now. */
  progress: string
  /** `p50` and `p99` of one create, milliseconds. */
  latency: string
}

const percentiles = (table: string) => `SELECT
  1000 * extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - started_at)) AS p50,
  1000 * extract(epoch FROM percentile_cont(0.99) WITHIN GROUP (ORDER BY ended_at - started_at)) AS p99 FROM ${table}`

const ownProgress = {
  progress: `SELECT count(*) FILTER (WHERE status IN ('queued', 'dispatching')) AS left,
    count(*) FILTER (WHERE lease_until > now()) AS leases FROM workloads`,
  latency: percentiles('workload_attempts'),
}
const bareProgress = {
  progress: `SELECT count(*) AS left, 0 AS leases FROM bare_jobs WHERE status = 'queued'`,
  latency: percentiles('bare_jobs'),
}

async function submit(stack: Stack, jobs: number): Promise<void> {
  const [api, load] = await Promise.all([startService(stack, 'api'), startLoad()])
  const authorization = `Bearer ${apiKey}`
  const { accepted } = await load.ask<LoadResult>({ url: api.url, connections: 50, amount: jobs, authorization })
  await Promise.all([api.stop(), load.stop()])
  if (accepted !== jobs) throw new Error(`Of ${jobs} jobs ${accepted} were accepted.`)
  await stack.pool.query('VACUUM ANALYZE')
}

/** Counts are of all jobs, from before the worker starts; rate and CPU from the first job that is seen to be done. */
async function measure(stack: Stack, { jobs, query, start }: Race): Promise<Figures> {
  const database = await countDatabase(stack)
  const worker = await start()
  const watch = watchBacklog(stack, query, worker)
  const left = await watch.until((now) => now < jobs)
  const startedAt = performance.now()
  const processes = await watchProcesses(stack, { worker: worker.pid, sandbox: stack.sandbox.pid })
  await watch.until((now) => now === 0)
  const seconds = (performance.now() - startedAt) / 1000
  const used = await processes.end(left)
  const calls = await callsPerJob(stack.sandbox, jobs)
  await worker.stop()
  const counted = await database.end(jobs)
  const latency = await stack.pool.query<{ p50: string; p99: string }>(query.latency)
  return {
    rate: left / seconds,
    'p50 ms': Number(latency.rows[0]?.p50),
    'p99 ms': Number(latency.rows[0]?.p99),
    ...used,
    ...counted,
    leases: watch.mostLeases(),
    ...calls,
  }
}

const pollMs = 50
const patienceMs = 240_000

function watchBacklog(stack: Stack, { progress }: ProgressQuery, worker: Program<unknown>) {
  const giveUpAt = performance.now() + patienceMs
  let mostLeases = 0
  return {
    mostLeases: () => mostLeases,
    /** How many jobs are left once that is as asked. */
    async until(isReached: (left: number) => boolean): Promise<number> {
      for (;;) {
        const { rows } = await stack.pool.query<{ left: string; leases: string }>(progress)
        const left = Number(rows[0]?.left)
        mostLeases = Math.max(mostLeases, Number(rows[0]?.leases))
        if (isReached(left)) return left
        if (worker.hasEnded()) throw new Error(`The worker ended: ${worker.output()}`)
        if (performance.now() > giveUpAt) throw new Error(`${left} jobs are left after ${patienceMs / 1000} s.`)
        await sleep(pollMs)
      }
    },
  }
}

async function callsPerJob(sandbox: SandboxProgram, jobs: number): Promise<Figures> {
  const { 'job.submit': creates = 0, 'job.list': pages = 0, ...others } = (await sandbox.ask({})).slurm ?? {}
  const other = Object.values(others).reduce((sum, count) => sum + count, 0)
  return { creates: creates / jobs, 'list pages': pages / jobs, 'other calls': other / jobs }
}
