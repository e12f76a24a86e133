import { setTimeout as sleep } from 'node:timers/promises'
import { type Changes, makeChanges } from '../changes.ts'
import type { Figures } from '../figures.ts'
import { watchProcesses } from '../measure.ts'
import type { Part } from '../part.ts'
import { type Program, startProgram } from '../program.ts'
import type { Audience, Received } from '../programs/audience.ts'
import type { Load, LoadResult } from '../programs/load.ts'
import { apiKey, type Service, startLoad, startService } from '../services.ts'
import type { Stack } from '../stack.ts'
import { makeTenants, removeTenants } from '../tenants.ts'

const perSecond = 50

/** Streams and long polls of one project at one API process, while its jobs change; and concurrent submissions. */
export const streams: Part = {
  name: 'streams',
  unit: 'event',
  async run(stack, { isShort }) {
    const size = isShort ? { few: 10, many: 100, seconds: 3 } : { few: 100, many: 1000, seconds: 10 }
    await stack.clear()
    const [api, load] = await Promise.all([startService(stack, 'api', 'redis', highLimits), startLoad()])
    const tenants = await makeTenants(stack, api, [stack.sandbox.ready.urls.slurm])
    const [{ projectId, key } = { projectId: '', key: '' }] = tenants
    const jobs = await submit(stack, { api, load, projectId, key, count: size.many })
    const changes = await makeChanges(stack, projectId)
    const scene: Scene = { stack, api, load, key, changes, seconds: size.seconds }
    const measured = {
      nobody: { 'accepted/s': await acceptWhileChanging(scene, jobs.slice(0, 1)) },
      few: await measure(scene, jobs.slice(0, size.few)),
      many: await measure(scene, jobs),
    }
    await Promise.all([api.stop(), load.stop()])
    await removeTenants(stack, tenants)
    return measured
  },
}

const highLimits = { EVENT_STREAMS_MAX_PER_KEY: '2000', PREFER_WAIT_MAX_PER_KEY: '2000' }

interface Scene {
  stack: Stack
  api: Service
  load: Program<unknown>
  /** Key of the observed project. */
  key: string
  changes: Changes
  seconds: number
}

interface Backlog {
  api: Service
  load: Program<unknown>
  projectId: string
  key: string
  count: number
}

async function submit({ pool }: Stack, { api, load, projectId, key, count }: Backlog): Promise<string[]> {
  const request: Load = { url: api.url, connections: 20, amount: count, authorization: `Bearer ${key}` }
  const { accepted } = await load.send<LoadResult>(request)
  if (accepted !== count) throw new Error(`Of ${count} jobs ${accepted} were accepted.`)
  await pool.query('VACUUM ANALYZE')
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM workloads WHERE project_id = $1 ORDER BY id', [
    projectId,
  ])
  return rows.map((row) => row.id)
}

/** One stream and one long poll per job. */
async function measure(scene: Scene, jobs: readonly string[]): Promise<Figures> {
  const { stack, api, key, changes, seconds } = scene
  const audience = await startProgram<unknown>(new URL('../programs/audience.ts', import.meta.url), {})
  const request: Audience = { url: api.url, authorization: `Bearer ${key}`, listeners: jobs.length, jobs }
  await audience.send(request)
  await changes.during(sleep(2000), { jobs, perSecond })
  await audience.send('report')
  const before = await statementsOf(stack)
  const processes = await watchProcesses(stack, { api: api.pid, audience: audience.pid })
  const changed = await changes.during(sleep(seconds * 1000), { jobs, perSecond })
  const statements = (await statementsOf(stack)) - before
  const used = await processes.end(changed.changes)
  await sleep(500)
  const received = await audience.send<Received>('report')
  const accepted = await acceptWhileChanging(scene, jobs)
  const whileAccepting = await audience.send<Received>('report')
  await audience.stop()
  return {
    rate: changed.changes / changed.seconds,
    ...{
      'p50 ms': received.p50Ms,
      'p99 ms': received.p99Ms,
      'wait p50 ms': received.waitP50Ms,
      'wait p99 ms': received.waitP99Ms,
    },
    statements: statements / changed.changes,
    ...used,
    // As a fraction of the events that all listeners should receive.
    heard: received.messages / (changed.changes * jobs.length),
    'wait answers': received.answers / changed.changes,
    misplaced: whileAccepting.misplaced,
    broken: whileAccepting.broken,
    'accepted/s': accepted,
    'p99 ms while accepting': whileAccepting.p99Ms,
  }
}

/** Submits jobs of another project while these change. */
async function acceptWhileChanging({ api, load, changes, seconds }: Scene, jobs: readonly string[]): Promise<number> {
  const request: Load = { url: api.url, connections: 64, seconds, authorization: `Bearer ${apiKey}` }
  const accepting = load.send<LoadResult>(request)
  await changes.during(accepting, { jobs, perSecond })
  const { accepted, seconds: elapsed } = await accepting
  return accepted / elapsed
}

/** Number of statements of other clients so far. */
async function statementsOf({ pool }: Stack): Promise<number> {
  const { rows } = await pool.query<{ calls: string }>(`SELECT sum(calls) AS calls FROM pg_stat_statements s
    JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = current_database()`)
  return Number(rows[0]?.calls)
}
