import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures } from '../figures.ts'
import { countDatabase, watchProcesses } from '../measure.ts'
import type { Part } from '../part.ts'
import { type Program, startProgram } from '../program.ts'
import type { Load, LoadResult } from '../programs/load.ts'
import type { ReceiverSpeed, Report } from '../programs/receiver.ts'
import { type Service, startLoad, startService } from '../services.ts'
import type { Stack } from '../stack.ts'
import { makeTenants, post, removeTenants, submitJob, type Tenant } from '../tenants.ts'

const projects = 10
const endpointsEach = 5
const endpoints = projects * endpointsEach
/** Maximum deliveries in flight of a worker. */
const concurrency = 64
const pollMs = 100
const timeoutMs = 120_000

/**
 * Measures deliveries of events of ten projects with five endpoints each, against a loop that posts and executes one
 * UPDATE.
 */
export const webhooks: Part = {
  name: 'webhooks',
  unit: 'message',
  async run(stack, { isShort }) {
    const jobs = isShort ? 200 : 2000
    const quick = Array<ReceiverSpeed>(endpoints).fill('quick')
    const withFailing = quick.with(0, 'silent').with(endpointsEach, 'slow')
    const measured = {
      switchyard: await measureBurst(stack, jobs, quick),
      'bare loop': await measureBare(stack, jobs * endpointsEach),
      'beside one silent and one slow': await measureBurst(stack, jobs, withFailing),
    }
    return isShort ? measured : { ...measured, 'five jobs a second': await measureSteady(stack) }
  },
}

/** Submits jobs, with an event each, before a worker starts; the worker then only has to send. */
async function measureBurst(stack: Stack, jobs: number, speeds: readonly ReceiverSpeed[]): Promise<Figures> {
  const scene = await prepare(stack, speeds)
  await accept(stack, scene, jobs)
  await scene.api.stop()
  const events = await countEvents(stack)
  const quick = speeds.filter((speed) => speed === 'quick').length
  const expected = (events * quick) / projects
  const database = await countDatabase(stack)
  const worker = await startService(stack, 'worker')
  const figures = await watch(stack, { receiver: scene.receiver, sender: worker, expected })
  await scene.receiver.send({ release: true })
  await worker.stop()
  const counted = await database.end(expected)
  await scene.end()
  return { ...figures, ...counted }
}

async function measureBare(stack: Stack, deliveries: number): Promise<Figures> {
  await stack.clear()
  const receiver = await startReceiver()
  const urls = await receiver.send<string[]>({ open: Array<ReceiverSpeed>(endpoints).fill('quick') })
  await stack.pool.query(
    `INSERT INTO bare_deliveries (id, url, secret, payload, status)
    SELECT 'evt_' || n, ($1::text[])[1 + n % $2::int], 'whsec_' || encode(sha256(n::text::bytea), 'base64'),
      jsonb_build_object('type', 'job.queued', 'timestamp', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'data', jsonb_build_object('status', 'queued', 'eventId', 'evt_' || n, 'recordId', 'job_' || n, 'kind', 'job', 'seq', 1)), 'pending'
    FROM generate_series(1, $3::int) n`,
    [urls, endpoints, deliveries],
  )
  await stack.pool.query('VACUUM ANALYZE bare_deliveries')
  const database = await countDatabase(stack)
  const env = { DATABASE_URL: stack.databaseUrl, CONCURRENCY: String(concurrency) }
  const sender = await startProgram<unknown>(new URL('../programs/bare-sender.ts', import.meta.url), env)
  const figures = await watch(stack, { receiver, sender, expected: deliveries })
  await sender.stop()
  const counted = await database.end(deliveries)
  await receiver.stop()
  return { ...figures, ...counted }
}

/** Measures the latency at a receiver while the worker has other work. */
async function measureSteady(stack: Stack): Promise<Figures> {
  const scene = await prepare(stack, Array<ReceiverSpeed>(endpoints).fill('quick'))
  const { api } = scene
  const worker = await startService(stack, 'worker')
  // Warm-up: excludes the start of the processes.
  await submitSteadily({ api, tenants: scene.tenants, jobs: projects })
  const { messages: before } = await untilReceived(scene.receiver, worker, projects * endpointsEach)
  await scene.receiver.send({ time: true })
  const startedAt = performance.now()
  await submitSteadily({ api, tenants: scene.tenants, jobs: 50 })
  const expected = (await countEvents(stack)) * endpointsEach
  const report = await untilReceived(scene.receiver, worker, expected)
  const seconds = (performance.now() - startedAt) / 1000
  await Promise.all([api.stop(), worker.stop()])
  await scene.end()
  return { rate: (report.messages - before) / seconds, ...lagOf(report), ...lossOf(report, expected) }
}

/** Submits five jobs a second, round-robin; resolves when they run. */
async function submitSteadily({
  api,
  tenants,
  jobs,
}: Pick<Scene, 'api' | 'tenants'> & { jobs: number }): Promise<void> {
  const startedAt = performance.now()
  for (let count = 0; count < jobs; count++) {
    const tenant = tenants[count % projects]
    if (tenant !== undefined) await submitJob(api, tenant, `job-${count}`)
    await sleep(Math.max(0, startedAt + (count + 1) * 200 - performance.now()))
  }
  await sleep(2000)
}

interface Scene {
  api: Service
  tenants: Tenant[]
  receiver: Program<unknown>
  end(): Promise<void>
}

/** Creates projects with their endpoints. No worker runs and no jobs exist. */
async function prepare(stack: Stack, speeds: readonly ReceiverSpeed[]): Promise<Scene> {
  await stack.clear()
  const [api, receiver] = await Promise.all([startService(stack, 'api'), startReceiver()])
  const tenants = await makeTenants(stack, api, Array<string>(projects).fill(stack.sandbox.ready.urls.slurm))
  const urls = await receiver.send<string[]>({ open: speeds })
  for (const [index, url] of urls.entries()) {
    const tenant = tenants[Math.floor(index / endpointsEach)]
    if (tenant !== undefined) await post(api, '/webhook-endpoints', tenant.key, { url })
  }
  const end = async () => {
    await receiver.stop()
    await removeTenants(stack, tenants)
  }
  return { api, tenants, receiver, end }
}

const startReceiver = () => startProgram<unknown>(new URL('../programs/receiver.ts', import.meta.url), {})

/** Submits jobs over the API, with an event each; afterwards only deliveries are due. */
async function accept(stack: Stack, { api, tenants }: Scene, jobs: number): Promise<void> {
  const load = await startLoad()
  for (const { key } of tenants) {
    const request: Load = { url: api.url, connections: 20, amount: jobs / projects, authorization: `Bearer ${key}` }
    const { failed } = await load.send<LoadResult>(request)
    if (failed > 0) throw new Error(`${failed} jobs were not accepted.`)
  }
  await load.stop()
  await stack.pool.query('UPDATE workloads SET due_at = NULL')
  await stack.pool.query('VACUUM ANALYZE')
}

async function countEvents({ pool }: Stack): Promise<number> {
  const { rows } = await pool.query<{ events: number }>('SELECT count(*)::int AS events FROM workload_events')
  return rows[0]?.events ?? 0
}

interface Sending {
  receiver: Program<unknown>
  sender: Program<unknown>
  /** Deliveries to endpoints that respond immediately. */
  expected: number
}

/** Rate and CPU are measured from the first delivery observed, to exclude the start of the process. */
async function watch(stack: Stack, { receiver, sender, expected }: Sending): Promise<Figures> {
  const { messages: first } = await untilReceived(receiver, sender, 1)
  const startedAt = performance.now()
  const processes = await watchProcesses(stack, { worker: sender.pid, receiver: receiver.pid })
  const report = await untilReceived(receiver, sender, expected)
  const seconds = (performance.now() - startedAt) / 1000
  const used = await processes.end(expected - first)
  return {
    rate: (expected - first) / seconds,
    ...used,
    'most sockets': report.maxSockets,
    ...lossOf(report, expected),
  }
}

async function untilReceived(receiver: Program<unknown>, sender: Program<unknown>, messages: number): Promise<Report> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const report = await receiver.send<Report>({ report: true })
    if (report.messages >= messages || performance.now() > deadline) return report
    if (sender.hasEnded()) throw new Error(`The sender ended: ${sender.output()}`)
    await sleep(pollMs)
  }
}

const lagOf = ({ p50Ms, p99Ms }: Report): Figures => ({ 'p50 ms': p50Ms, 'p99 ms': p99Ms })

/** Missing and duplicate deliveries of endpoints that respond immediately. */
function lossOf({ messages, duplicates }: Report, expected: number): Figures {
  return { missing: Math.max(expected - messages, 0), twice: duplicates }
}
