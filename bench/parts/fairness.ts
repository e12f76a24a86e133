import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { watchBacklog } from '../backlog.ts'
import type { Figures } from '../figures.ts'
import { watchProcesses } from '../measure.ts'
import type { Part } from '../part.ts'
import { startProgram } from '../program.ts'
import { type Service, startService } from '../services.ts'
import type { SandboxProgram, Stack } from '../stack.ts'
import { makeTenants, post, removeTenants, submitJob, type Tenant } from '../tenants.ts'

const healthy = 8
const small = 90
/** Duration of each create of the slow connection. */
const slowMs = 3000

/**
 * A hundred projects with a connection each: eight with a backlog, first alone, then with one whose provider is slow
 * and one whose provider accepts calls and never responds; and ninety that each send one job meanwhile.
 */
export const fairness: Part = {
  name: 'fairness',
  unit: 'job',
  async run(stack, { isShort }) {
    const jobs = isShort ? 40 : 400
    const alone = await measure(stack, { jobs, withFailing: false })
    const besideFailing = await measure(stack, { jobs, withFailing: true })
    return { 'beside one slow and one dead': besideFailing, 'healthy alone': alone }
  },
}

interface Projects {
  jobs: number
  withFailing: boolean
}

async function measure(stack: Stack, { jobs, withFailing }: Projects): Promise<Figures> {
  await stack.clear()
  const { quick, slow, dead, close } = await startProviders()
  const urls = [...quick, slow, dead, ...Array<string>(small).fill(stack.sandbox.ready.urls.slurm)]
  const api = await startService(stack, 'api')
  const tenants = await makeTenants(stack, api, urls)
  const busy = tenants.slice(0, withFailing ? healthy + 2 : healthy)
  for (let round = 0; round < jobs; round++)
    await Promise.all(busy.map((tenant) => submitJob(api, tenant, `job-${round}`)))
  await stack.pool.query('VACUUM ANALYZE')
  const worker = await startService(stack, 'worker')
  const ids = tenants.slice(0, healthy).map(({ connectionId }) => `'${connectionId}'`)
  const watch = watchBacklog(stack, progressOf(ids.join(', ')), [worker])
  const total = await watch.until((left) => left < jobs * healthy)
  const startedAt = performance.now()
  const processes = await watchProcesses(stack, { worker: worker.pid })
  await watch.until((left) => left < total / 2)
  const waiting = submitMeanwhile(stack, api, tenants)
  await watch.until((left) => left === 0)
  const seconds = (performance.now() - startedAt) / 1000
  const used = await processes.end(total)
  const waits = await waiting
  await Promise.all([api.stop(), worker.stop()])
  await removeTenants(stack, tenants)
  await close()
  return { rate: total / seconds, ...waits, leases: watch.mostLeases(), ...used }
}

const progressOf = (connectionIds: string) => `SELECT
  count(*) FILTER (WHERE status IN ('queued', 'dispatching') AND connection_id IN (${connectionIds})) AS left,
  count(*) FILTER (WHERE lease_until > now()) AS leases FROM workloads`

/** Time until the small projects' jobs are dispatched, and until a cancel of a busy project's job is sent. */
async function submitMeanwhile(stack: Stack, api: Service, tenants: readonly Tenant[]): Promise<Figures> {
  const [first] = tenants
  if (first === undefined) throw new Error('There are no projects.')
  const { rows } = await stack.pool.query<{ id: string }>(
    `SELECT id FROM workloads WHERE connection_id = $1 AND remote_id IS NOT NULL LIMIT 1`,
    [first.connectionId],
  )
  const [running] = rows
  const jobs = await Promise.all(tenants.slice(healthy + 2).map((tenant) => submitJob(api, tenant, 'small')))
  const canceledAt = performance.now()
  await post(api, `/jobs/${running?.id}/cancel`, first.key)
  await until(stack, 'SELECT FROM workloads WHERE id = $1 AND observed_generation < generation', [running?.id])
  const cancelMs = performance.now() - canceledAt
  const ids = jobs.map(({ id }) => id)
  await until(stack, 'SELECT FROM workloads WHERE id = ANY($1) AND dispatched_at IS NULL', [ids])
  const waits = await stack.pool.query<{ ms: string }>(
    `SELECT 1000 * extract(epoch FROM max(t.started_at - w.created_at)) AS ms
      FROM workloads w JOIN workload_attempts t ON t.workload_id = w.id WHERE w.id = ANY($1)`,
    [ids],
  )
  return { 'small project ms': Number(waits.rows[0]?.ms), 'cancel ms': cancelMs }
}

async function until({ pool }: Stack, query: string, values: unknown[]): Promise<void> {
  for (let tries = 0; (await pool.query(query, values)).rowCount !== 0; tries++) {
    if (tries === 3000) throw new Error(`After a minute there still is: ${query}`)
    await sleep(20)
  }
}

interface Providers {
  /** One per healthy connection, so that no provider lists the jobs of another. */
  quick: string[]
  slow: string
  /** Accepts connections and never responds. */
  dead: string
  close(): Promise<void>
}

/** New ones for each measurement, so that no list contains the jobs of an earlier one. */
async function startProviders(): Promise<Providers> {
  const start = (count: number): Promise<SandboxProgram> =>
    startProgram(new URL('../programs/sandbox.ts', import.meta.url), { COUNT: String(count) })
  const [quick, slow] = await Promise.all([start(healthy), start(1)])
  await slow.send({ fault: { kind: 'stall', operation: 'job.submit', delayMs: slowMs } })
  const silent: Server = createServer(() => {}).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const address = silent.address()
  const port = typeof address === 'object' ? address?.port : undefined
  return {
    quick: [quick.ready, ...quick.ready.others].map(({ urls }) => urls.slurm),
    slow: slow.ready.urls.slurm,
    dead: `http://127.0.0.1:${port}`,
    async close() {
      silent.close()
      await Promise.all([quick.stop(), slow.stop()])
    },
  }
}
