import { setTimeout as sleep } from 'node:timers/promises'
import { ownProgress, submitBacklog, watchBacklog } from '../backlog.ts'
import type { Figures } from '../figures.ts'
import { countDatabase, watchProcesses } from '../measure.ts'
import type { Part } from '../part.ts'
import type { Program } from '../program.ts'
import type { Load, LoadResult } from '../programs/load.ts'
import { startRestate } from '../restate.ts'
import { startLoad, startService } from '../services.ts'
import type { SandboxProgram, Stack } from '../stack.ts'
import { enqueueBareJobs, startBareWorker } from './drain-bare.ts'

/**
 * Drains the backlog of a connection with one or two workers, against a queue handler with the same call and one
 * UPDATE.
 */
export const drain: Part = {
  name: 'drain',
  unit: 'job',
  async run(stack, { isShort, hasPeers }) {
    const jobs = isShort ? 500 : 3000
    const own = (count: number, workers: number) => drainOwn(stack, count, workers)
    const switchyard = await own(jobs, 1)
    const measured = { switchyard, 'bare BullMQ': await drainBare(stack, jobs) }
    const peers = hasPeers ? { Restate: await runOnRestate(stack, jobs) } : {}
    if (isShort) return { ...measured, ...peers }
    return { ...peers, ...measured, 'two workers': await own(jobs, 2), '30,000 jobs': await own(10 * jobs, 1) }
  },
}

interface Race {
  jobs: number
  workers: number
  start(): Promise<Program<unknown>>
  /** Query that returns `left` of the backlog, and `leases` held now. */
  progress: string
  /** Table with the start and end of each create. */
  table: 'workload_attempts' | 'bare_jobs'
}

async function drainOwn(stack: Stack, jobs: number, workers: number): Promise<Figures> {
  await stack.clear()
  await submitBacklog(stack, jobs)
  const start = () => startService(stack, 'worker')
  return measure(stack, { jobs, workers, progress: ownProgress, table: 'workload_attempts', start })
}

async function drainBare(stack: Stack, jobs: number): Promise<Figures> {
  await stack.clear()
  await enqueueBareJobs(stack, jobs)
  const progress = `SELECT count(*) AS left, 0 AS leases FROM bare_jobs WHERE status = 'queued'`
  return measure(stack, { jobs, workers: 1, progress, table: 'bare_jobs', start: () => startBareWorker(stack) })
}

/** Sends and handles concurrently: Restate has no backlog that waits for a worker to start. */
async function runOnRestate(stack: Stack, jobs: number): Promise<Figures> {
  await stack.clear()
  const restate = await startRestate(stack, 'call')
  const load = await startLoad()
  const startedAt = performance.now()
  const processes = await watchProcesses(stack, { Restate: restate.server.pid, worker: restate.service.pid })
  const request: Load = {
    url: restate.url,
    path: '/jobs/run/send',
    connections: 50,
    amount: jobs,
    authorization: 'none',
  }
  await load.send<LoadResult>(request)
  while ((await restate.handled()) < jobs) await sleep(20)
  const seconds = (performance.now() - startedAt) / 1000
  const figures = { rate: jobs / seconds, ...(await processes.end(jobs)), ...(await callsPerJob(stack.sandbox, jobs)) }
  await Promise.all([restate.stop(), load.stop()])
  return figures
}

const percentiles = (table: string) => `SELECT
  1000 * extract(epoch FROM percentile_cont(0.5) WITHIN GROUP (ORDER BY ended_at - started_at)) AS p50,
  1000 * extract(epoch FROM percentile_cont(0.99) WITHIN GROUP (ORDER BY ended_at - started_at)) AS p99 FROM ${table}`

/** Counts cover all jobs, from before the worker starts; rate and CPU start with the first completed job observed. */
async function measure(stack: Stack, { jobs, workers: count, progress, table, start }: Race): Promise<Figures> {
  const database = await countDatabase(stack)
  const workers = await Promise.all(Array.from({ length: count }, start))
  const watch = watchBacklog(stack, progress, workers)
  const left = await watch.until((now) => now < jobs)
  const startedAt = performance.now()
  const pids = workers.map(({ pid }, index) => [index === 0 ? 'worker' : `worker ${index + 1}`, pid] as const)
  const processes = await watchProcesses(stack, { ...Object.fromEntries(pids), sandbox: stack.sandbox.pid })
  await watch.until((now) => now === 0)
  const seconds = (performance.now() - startedAt) / 1000
  const used = await processes.end(left)
  const calls = await callsPerJob(stack.sandbox, jobs)
  await Promise.all(workers.map((worker) => worker.stop()))
  const counted = await database.end(jobs)
  const latency = await stack.pool.query<{ p50: string; p99: string }>(percentiles(table))
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

async function callsPerJob(sandbox: SandboxProgram, jobs: number): Promise<Figures> {
  const { 'job.submit': creates = 0, 'job.list': pages = 0, ...others } = (await sandbox.send({})).slurm ?? {}
  const other = Object.values(others).reduce((sum, count) => sum + count, 0)
  return { creates: creates / jobs, 'list pages': pages / jobs, 'other calls': other / jobs }
}
