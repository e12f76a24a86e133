import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/infra/embedded-postgres.ts'
import { migrate } from '../../src/infra/migrate.ts'
import { sandboxProviders } from '../../src/sandbox/registry.ts'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { freePorts } from '../support/free-ports.ts'
import { startRedisServer } from '../support/redis-server.ts'
import { type Child, startChild } from './child.ts'
import type { ChaosOptions } from './options.ts'
import type { ProcessOptions } from './process.ts'
import type { SandboxProcessOptions, TwinRequest } from './sandbox-process.ts'
import type { ChaosTiming } from './timing.ts'

export const secretsKey = '42'.repeat(32)
export const apiKey = 'sy_chaos-key-of-the-first-project-0001'

type SandboxReady = Pick<Sandbox, 'urls' | 'accounts'>

/** Two api processes (one for the seeded cases alone), two workers, Postgres, Redis and the sandbox, on loopback. */
export interface Stack {
  apiUrls: readonly string[]
  /** Metrics of APIs and workers. */
  metricsUrls: readonly string[]
  sandboxUrl: string
  journalFile: string
  databaseUrl: string
  /** Connections of the run itself; survives a restart of the server. */
  pool: Pool
  accounts: SandboxReady['accounts']
  connections: ReturnType<typeof sandboxConnections>
  dir: string
  createTwin(twin: TwinRequest['twin']): void
  /** Kills the process with SIGKILL and starts a new one. */
  restart(role: ProcessOptions['role'], index: number, clockOffsetMs?: number): Promise<void>
  freezeWorker(index: number, ms: number): Promise<void>
  restartPostgres(): Promise<void>
  restartSandbox(): Promise<void>
  /** Null if the queue is in Postgres. */
  redis: { flushAll(): Promise<void>; stopFor(ms: number): Promise<void> } | null
  stop(): Promise<void>
}

const maxStarts = 20

/** One control port and one port per provider. */
const sandboxPorts = 1 + Object.keys(sandboxProviders).length

/** Fast settings: data must survive a restart, but not the run. */
const postgresSettings = { fsync: 'off', full_page_writes: 'off', max_connections: '200', shared_buffers: '128MB' }

export async function startStack(options: ChaosOptions, timing: ChaosTiming): Promise<Stack> {
  const dir = options.keepDir ?? (await mkdtemp(join(tmpdir(), 'switchyard-chaos-')))
  await mkdir(dir, { recursive: true })
  const cleanups: (() => Promise<unknown>)[] = []
  if (options.keepDir === null) cleanups.push(() => rm(dir, { recursive: true, force: true }))
  const stop = async () => {
    // A failed cleanup must not hide the error of the run.
    for (const cleanUp of cleanups.toReversed())
      await cleanUp().catch((error: unknown) => process.emitWarning(String(error)))
  }
  try {
    return await build({ options, timing, dir, onStop: (cleanUp) => cleanups.push(cleanUp) }, stop)
  } catch (error) {
    await stop()
    throw error
  }
}

interface BuildContext {
  options: ChaosOptions
  timing: ChaosTiming
  dir: string
  onStop(cleanUp: () => Promise<unknown>): void
}

async function build(context: BuildContext, stop: Stack['stop']): Promise<Stack> {
  const { options, dir, onStop } = context
  const firstPort = await freePorts(sandboxPorts + 4)
  const postgres = await makePostgres(dir, onStop)
  await migrate({ url: postgres.url })
  const pool = new Pool({ connectionString: postgres.url, max: 4, application_name: 'chaos' })
  pool.on('error', () => {})
  onStop(() => pool.end())
  const server = options.queue === 'redis' ? await startRedisServer() : null
  if (server !== null) onStop(server.stop)
  const sandbox = await makeSandbox(
    { port: firstPort, seed: options.seed, journalFile: join(dir, 'sandbox.jsonl') },
    onStop,
  )
  const { accounts } = sandbox.ready
  const urls = { databaseUrl: postgres.url, redisUrl: server?.url ?? null }
  const services = await makeServices(context, urls, firstPort + sandboxPorts)
  const urlAt = (index: number) => `http://127.0.0.1:${firstPort + sandboxPorts + index}`
  const apiUrls = (options.workloads === 0 ? [0] : [0, 1]).map(urlAt)
  return {
    apiUrls,
    metricsUrls: [...apiUrls, urlAt(2), urlAt(3)].map((url) => `${url}/metrics`),
    sandboxUrl: `http://127.0.0.1:${firstPort}`,
    journalFile: join(dir, 'sandbox.jsonl'),
    databaseUrl: postgres.url,
    pool,
    accounts,
    connections: sandboxConnections(sandbox.ready),
    dir,
    createTwin: (twin) => sandbox.send({ twin } satisfies TwinRequest),
    ...services,
    restartPostgres: postgres.restart,
    restartSandbox: sandbox.restart,
    redis: server === null ? null : redisFaults(server),
    stop,
  }
}

async function makePostgres(dir: string, onStop: BuildContext['onStop']) {
  const start = (port?: number): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({
      dataDir: join(dir, 'postgres'),
      persistent: true,
      settings: postgresSettings,
      ...(port === undefined ? {} : { port }),
    })
  let running = await start()
  const { url, dataDir } = running
  onStop(async () => {
    await running.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  return {
    url,
    async restart() {
      await running.stop()
      running = await start(Number(new URL(url).port))
    },
  }
}

async function makeSandbox(options: SandboxProcessOptions, onStop: BuildContext['onStop']) {
  const start = () => startChild<SandboxReady>('./sandbox-process.ts', 'CHAOS_SANDBOX', options)
  let running = await start()
  onStop(() => running.kill())
  return {
    ready: running.ready,
    send: (message: object) => running.send(message),
    async restart() {
      await running.kill()
      running = await start()
    },
  }
}

async function makeServices(
  { options, timing, dir, onStop }: BuildContext,
  urls: Pick<ProcessOptions, 'databaseUrl' | 'redisUrl'>,
  firstApiPort: number,
): Promise<Pick<Stack, 'restart' | 'freezeWorker'>> {
  const running = new Map<string, Child<unknown>>()
  const start = async (role: ProcessOptions['role'], index: number, clockOffsetMs = 0) => {
    const ports = role === 'api' ? { port: firstApiPort + index } : { port: 0, metricsPort: firstApiPort + 2 + index }
    const logFile = join(dir, `${role}-${index}.log`)
    const shared = { ...urls, secretsKey, apiKey, timing, without: options.without, clockOffsetMs, logFile }
    const child = await startChild('./process.ts', 'CHAOS_PROCESS', {
      role,
      ...ports,
      ...shared,
    } satisfies ProcessOptions)
    running.set(`${role}-${index}`, child)
  }
  onStop(() => Promise.all([...running.values()].map((child) => child.kill())))
  // The first process initializes the database; the seeded cases alone need no second one.
  await start('api', 0)
  const second = options.workloads === 0 ? [] : [start('api', 1)]
  await Promise.all([...second, start('worker', 0), start('worker', 1)])
  // Sequential restarts: a process that is still starting could not be killed and would keep running.
  const restarts = new Map<string, Promise<void>>()
  return {
    restart(role, index, clockOffsetMs) {
      const name = `${role}-${index}`
      const restart = (restarts.get(name) ?? Promise.resolve()).then(async () => {
        await running.get(name)?.kill()
        await superviseStart(() => start(role, index, clockOffsetMs))
      })
      restarts.set(
        name,
        restart.catch(() => {}),
      )
      return restart
    },
    async freezeWorker(index, ms) {
      const worker = running.get(`worker-${index}`)
      worker?.suspend()
      await sleep(ms)
      worker?.resume()
    },
  }
}

/** Like a supervisor, restarts a process that exits because its database is unavailable. */
async function superviseStart(start: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start()
    } catch (error) {
      if (tries >= maxStarts) throw error
      await sleep(500)
    }
  }
}

function redisFaults({ url, pid }: { url: string; pid: number }): NonNullable<Stack['redis']> {
  return {
    async flushAll() {
      const client = new Redis(url)
      await client.flushall()
      client.disconnect()
    },
    async stopFor(ms) {
      process.kill(pid, 'SIGSTOP')
      await sleep(ms)
      process.kill(pid, 'SIGCONT')
    },
  }
}
