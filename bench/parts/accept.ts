import { freePort } from '../../test/support/free-ports.ts'
import type { Figures } from '../figures.ts'
import { countDatabase, watchProcesses } from '../measure.ts'
import type { Part, RoundOptions } from '../part.ts'
import { type Program, startProgram } from '../program.ts'
import type { Load, LoadResult } from '../programs/load.ts'
import { startRestate } from '../restate.ts'
import { apiKey, type Queue, type Service, startLoad, startService, untilReady } from '../services.ts'
import type { Stack } from '../stack.ts'

const connections = 64

/**
 * Measures `POST /jobs` with an idempotency key each and without a worker, against routes that do little more than
 * store.
 */
export const accept: Part = {
  name: 'accept',
  unit: 'request',
  async run(stack, options) {
    const load = await startLoad()
    const measured: Record<string, Figures> = {}
    const all = {
      ...subjects,
      ...(options.isShort ? {} : { 'beside a worker': withWorker, 'two APIs': twoApis }),
      ...(options.hasPeers ? { Restate: restate } : {}),
    }
    for (const [subject, start] of Object.entries(all)) {
      await stack.clear()
      const database = await countDatabase(stack)
      const api = await start(stack)
      const { sent, ...figures } = await measure({ stack, api, load, options })
      await api.stop()
      measured[subject] = { ...figures, ...(await database.end(sent)) }
    }
    await load.stop()
    return measured
  },
}

interface Subject extends Service {
  /** Path for jobs; default `/jobs`. */
  path?: string
  /** Another process that accepts half of the requests. */
  second?: Service
}

const subjects: Readonly<Record<string, (stack: Stack) => Promise<Subject>>> = {
  switchyard: switchyardOver('redis'),
  'Postgres queue': switchyardOver('postgres'),
  'one insert': bareApi('insert'),
  'three Prisma creates': bareApi('prisma'),
}

function switchyardOver(queue: Queue): (stack: Stack) => Promise<Service> {
  return (stack) => startService(stack, 'api', queue)
}

/** With a worker that executes the accepted jobs concurrently. */
async function withWorker(stack: Stack): Promise<Service> {
  const [api, worker] = await Promise.all([startService(stack, 'api'), startService(stack, 'worker')])
  return {
    ...api,
    async stop() {
      await Promise.all([api.stop(), worker.stop()])
    },
  }
}

async function twoApis(stack: Stack): Promise<Subject> {
  const [api, second] = await Promise.all([startService(stack, 'api'), startService(stack, 'api')])
  return {
    ...api,
    second,
    async stop() {
      await Promise.all([api.stop(), second.stop()])
    },
  }
}

function bareApi(store: 'insert' | 'prisma'): (stack: Stack) => Promise<Service> {
  return async ({ databaseUrl }) => {
    const port = await freePort()
    const env = { DATABASE_URL: databaseUrl, PORT: String(port), STORE: store }
    const program = await startProgram(new URL('../programs/bare-api.ts', import.meta.url), env)
    const url = `http://127.0.0.1:${port}`
    await untilReady(url, program)
    return { ...program, url }
  }
}

/** Durable send to a handler that returns immediately. The server stores its data on the same disk. */
async function restate(stack: Stack): Promise<Subject> {
  const { url, server, stop } = await startRestate(stack, 'none')
  return { ...server, url, path: '/jobs/run/send', stop }
}

async function measure(run: { stack: Stack; api: Subject; load: Program<unknown>; options: RoundOptions }) {
  const { stack, api, load, options } = run
  const send = (seconds: number) => {
    const path = api.path === undefined ? {} : { path: api.path }
    const second = api.second === undefined ? {} : { secondUrl: api.second.url }
    const request: Load = { url: api.url, ...path, ...second, connections, seconds, authorization: `Bearer ${apiKey}` }
    return load.send<LoadResult>(request)
  }
  // Warm-up: the first second mainly measures compilation, for all subjects.
  const first = await send(1)
  const processes = await watchProcesses(stack, {
    api: api.pid,
    ...(api.second === undefined ? {} : { 'api 2': api.second.pid }),
  })
  const { accepted, failed, seconds, p50Ms, p99Ms } = await send(options.isShort ? 2 : 8)
  const used = await processes.end(accepted)
  const figures = { rate: accepted / seconds, 'p50 ms': p50Ms, 'p99 ms': p99Ms, failed: failed + first.failed }
  return { ...figures, ...used, sent: first.accepted + accepted }
}
