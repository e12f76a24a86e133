import { setTimeout as sleep } from 'node:timers/promises'
import type { Figures, Round } from '../figures.ts'
import { watchProcesses } from '../measure.ts'
import type { Part } from '../part.ts'
import { type Program, startProgram } from '../program.ts'
import type { Calls, Change, ManyJobsMessage, ManyJobsReady } from '../programs/many-jobs.ts'
import { startService } from '../services.ts'
import type { Stack } from '../stack.ts'
import { copyRows, prepareAccounts } from './observe-jobs.ts'

const accounts = 10
const pageSize = 50
const callsPerSecond = 100
/** Fraction of the jobs that changes during each scan. */
const changingPart = 0.01

/**
 * Running jobs on ten connections to ModelArts, whose lists have pages of 50, while one in a hundred changes in each
 * scan.
 */
export const observe: Part = {
  name: 'observe',
  unit: 'scan',
  async run(stack, { isShort }) {
    const sizes = isShort ? [1000] : [1000, 10_000, 100_000]
    const round: Record<string, Figures> = {}
    for (const jobs of sizes) round[`${jobs / 1000}k jobs`] = await measureJobs(stack, jobs, isShort ? 3 : 15)
    return round as Round
  },
}

type ManyJobs = Program<ManyJobsReady> & { send<Reply>(message: ManyJobsMessage): Promise<Reply> }

async function measureJobs(stack: Stack, jobs: number, seconds: number): Promise<Figures> {
  await stack.clear()
  const provider: ManyJobs = await startProgram(new URL('../programs/many-jobs.ts', import.meta.url), {
    ACCOUNTS: String(accounts),
  })
  const connections = await prepareAccounts(stack, provider.ready.accounts)
  await provider.send({ do: 'multiply', jobs: jobs / accounts })
  await copyRows(stack, jobs / accounts)
  const pages = Math.ceil(jobs / accounts / pageSize)
  // At least the duration of a scan, whether or not jobs change.
  const pauseMs = String(Math.max((1000 * pages) / callsPerSecond, 250))
  const worker = await startService(stack, 'worker', 'redis', {
    PROVIDER_CALLS_PER_SECOND: String(callsPerSecond),
    SWEEP_MIN_INTERVAL_MS: pauseMs,
    SWEEP_MAX_INTERVAL_MS: pauseMs,
    NODE_OPTIONS: `--import=${new URL('../programs/watch-loop.ts', import.meta.url)}`,
  })
  try {
    return await watchScans({ stack, provider, worker, seconds, pages })
  } finally {
    await worker.stop()
    await provider.stop()
    await connections.remove()
  }
}

interface Watch {
  stack: Stack
  provider: ManyJobs
  worker: Program<unknown>
  seconds: number
  /** Pages of one list. */
  pages: number
}

async function watchScans({ stack, provider, worker, seconds, pages }: Watch): Promise<Figures> {
  const scanned = async () => (await countStatements(stack)).scans
  const started = await scanned()
  // Warm-up: a new worker compares each object with its row once.
  await until(worker, async () => (await scanned()) >= started + 3 * accounts)
  const count = async () => {
    const [statements, calls] = [await countStatements(stack), await provider.send<Calls>({ do: 'count' })]
    return { ...statements, ...calls, scans: statements.scans }
  }
  await count()
  const idleBefore = await count()
  await sleep(seconds * 500)
  const idleAfter = await count()
  await provider.send({ do: 'change', part: changingPart })
  await sleep(seconds * 250)
  await worker.send<number>({})
  const processes = await watchProcesses(stack, { worker: worker.pid, provider: provider.pid })
  const [from, startedAt] = [await count(), performance.now()]
  await sleep(seconds * 1000)
  const [to, measuredSeconds] = [await count(), (performance.now() - startedAt) / 1000]
  const used = await processes.end(1000 * measuredSeconds)
  const blockedMs = await worker.send<number>({})
  const changes = await provider.send<Change[]>({ do: 'settle' })
  const lags = await lagsOf(stack, worker, changes)
  const scans = to.scans - from.scans
  return {
    rate: scans / measuredSeconds,
    'calls per page': (to.pages + to.others) / (scans * pages),
    'statements, nothing changes':
      (idleAfter.statements - idleBefore.statements) / (idleAfter.scans - idleBefore.scans),
    statements: (to.statements - from.statements) / scans,
    changes: changes.length,
    'lag p50 ms': percentile(lags, 0.5),
    'lag p99 ms': percentile(lags, 0.99),
    'lag p99 ÷ scan': percentile(lags, 0.99) / ((1000 * pages) / callsPerSecond),
    'worker cores': used['worker CPU ms'] ?? 0,
    'postgres cores': used['postgres CPU ms'] ?? 0,
    'provider cores': used['provider CPU ms'] ?? 0,
    'longest block ms': blockedMs,
    'worker RSS MiB': used['worker RSS MiB'] ?? 0,
  }
}

/** Completed scans and all statements since the database was created. */
async function countStatements({ pool }: Stack): Promise<{ scans: number; statements: number }> {
  const { rows } = await pool.query<{ scans: string; statements: string }>(`
    SELECT sum(calls) AS statements, coalesce(sum(calls) FILTER (WHERE query LIKE '%UPDATE sweeps SET lease_id =%'), 0) AS scans
    FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()`)
  return { scans: Number(rows[0]?.scans), statements: Number(rows[0]?.statements) }
}

/** Time in ms from each change at the provider to its event. */
async function lagsOf({ pool }: Stack, worker: Program<unknown>, changes: readonly Change[]): Promise<number[]> {
  const read = async () => {
    const { rows } = await pool.query<{ ms: string | null }>(
      `SELECT min(1000 * extract(epoch FROM e.at)) - c.at AS ms
      FROM jsonb_to_recordset($1::jsonb) AS c("remoteId" text, state text, at float8)
        JOIN workloads w ON w.remote_id = c."remoteId"
        LEFT JOIN workload_events e ON e.workload_id = w.id AND e.type = 'job.' || lower(c.state) AND e.at >= to_timestamp(c.at / 1000)
      GROUP BY c."remoteId", c.state, c.at`,
      [JSON.stringify(changes)],
    )
    return rows
  }
  await until(worker, async () => (await read()).every(({ ms }) => ms !== null))
  return (await read()).map(({ ms }) => Number(ms))
}

function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)] ?? Number.NaN
}

const timeoutMs = 300_000

async function until(worker: Program<unknown>, isReached: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!(await isReached())) {
    if (worker.hasEnded()) throw new Error(`The worker ended: ${worker.output()}`)
    if (performance.now() > deadline) throw new Error(`The worker has not come so far: ${worker.output()}`)
    await sleep(100)
  }
}
