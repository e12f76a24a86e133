import { setTimeout as sleep } from 'node:timers/promises'
import { ownProgress, submitBacklog, watchBacklog } from '../backlog.ts'
import type { Figures } from '../figures.ts'
import { watchProcesses } from '../measure.ts'
import type { Part } from '../part.ts'
import { type Service, startService } from '../services.ts'
import type { Stack } from '../stack.ts'

/** Measures the cost of an idle process, its start time, and the takeover from a killed worker. */
export const processes: Part = {
  name: 'process',
  unit: 'second',
  async run(stack, { isShort }) {
    const seconds = isShort ? 2 : 10
    return {
      api: await measureApi(stack, seconds),
      worker: await measureWorker(stack, seconds),
      'killed worker': await measureTakeover(stack, isShort ? 300 : 2000),
    }
  },
}

async function measureApi(stack: Stack, seconds: number): Promise<Figures> {
  await stack.clear()
  const startedAt = performance.now()
  const api = await startService(stack, 'api')
  const readyMs = performance.now() - startedAt
  return { 'ready ms': readyMs, ...(await measureIdle(stack, api, seconds)) }
}

/** A worker is ready when it has dispatched the existing job. */
async function measureWorker(stack: Stack, seconds: number): Promise<Figures> {
  await stack.clear()
  await submitBacklog(stack, 1)
  const startedAt = performance.now()
  const worker = await startService(stack, 'worker')
  await watchBacklog(stack, ownProgress, [worker]).until((left) => left === 0)
  const readyMs = performance.now() - startedAt
  return { 'ready ms': readyMs, ...(await measureIdle(stack, worker, seconds)) }
}

const settleMs = 2000

async function measureIdle(stack: Stack, service: Service, seconds: number): Promise<Figures> {
  await sleep(settleMs)
  const watch = await watchProcesses(stack, { process: service.pid })
  await sleep(seconds * 1000)
  const used = await watch.end(seconds)
  await service.stop()
  return used
}

const queued = `SELECT count(*) AS left, 0 AS leases FROM workloads WHERE status = 'queued'`

/**
 * Kills a worker during a backlog and starts another: measures the time from the kill until the second has claimed all
 * leases of the first. Calls in flight at the kill are counted later: a provider may still execute them.
 */
async function measureTakeover(stack: Stack, jobs: number): Promise<Figures> {
  await stack.clear()
  await submitBacklog(stack, jobs)
  const killed = await startService(stack, 'worker')
  await watchBacklog(stack, ownProgress, [killed]).until((left) => left < jobs / 2)
  process.kill(killed.pid, 'SIGKILL')
  const killedAt = performance.now()
  const { rows } = await stack.pool.query<{ id: string; lease: string }>(
    'SELECT id, lease_id AS lease FROM workloads WHERE lease_until > now()',
  )
  const next = await startService(stack, 'worker')
  const leases = [...new Set(rows.map(({ lease }) => `'${lease}'`))].join(', ') || 'NULL'
  const held = `SELECT count(*) AS left, 0 AS leases FROM workloads WHERE lease_id IN (${leases})`
  await watchBacklog(stack, held, [next]).until((left) => left === 0)
  const seconds = (performance.now() - killedAt) / 1000
  await watchBacklog(stack, queued, [next]).until((left) => left === 0)
  const { slurm = {} } = await stack.sandbox.send({})
  await next.stop()
  return { leases: rows.length, 'seconds until all went on': seconds, creates: (slurm['job.submit'] ?? 0) / jobs }
}
