import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { request } from 'undici'
import type { Json } from '../../src/vocabulary/json.ts'
import { freePorts } from '../support/free-ports.ts'

/** The head of a Ray cluster with two CPUs and two GPUs, on free ports, with token authentication. */
export interface RayCluster {
  readonly url: string
  readonly token: string
  call(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: Json; text: string }>
  /** The records of all submitted jobs. */
  jobs(): Promise<readonly { submission_id: string; status: string }[]>
  /** Sends SIGKILL to everything but the programs of jobs, like a power failure. */
  kill(): Promise<void>
  /** Starts the head, also after a kill. Resolves when it accepts jobs. */
  start(): Promise<void>
  /** Stops the head and removes its directory. */
  stop(): Promise<void>
}

/** Ray replaces 127.0.0.1 by the address of the machine. */
const address = '127.0.0.2'
const startWithinMs = 120_000
/** Ray aborts if a component takes longer than 15 s to start, as on a busy machine. */
const maxStarts = 3

/** `redis`: the store of the head's state; null: in memory. */
export async function startRay(binDir: string, redis: string | null): Promise<RayCluster> {
  const dir = await mkdtemp(join(tmpdir(), 'sy-ray-'))
  const token = randomBytes(24).toString('hex')
  const first = await freePorts(8)
  const url = `http://127.0.0.1:${first}`
  const env = {
    ...process.env,
    PATH: `${binDir}:${process.env.PATH ?? ''}`,
    RAY_AUTH_MODE: 'token',
    RAY_AUTH_TOKEN: token,
    RAY_USAGE_STATS_ENABLED: '0',
    // The delay after which Ray kills a program that ignores SIGTERM.
    RAY_JOB_STOP_WAIT_TIME_S: '1',
    ...(redis === null ? {} : { RAY_REDIS_ADDRESS: redis }),
  }
  let head: ChildProcess | null = null

  async function startOnce(): Promise<boolean> {
    const log = openSync(join(dir, 'log'), 'a')
    const { promise: exited, resolve } = Promise.withResolvers<false>()
    // A separate process group, without the workers.
    head = spawn(join(binDir, 'ray'), argumentsOf(first, dir), { env, detached: true, stdio: ['ignore', log, log] })
    head.once('exit', () => resolve(false))
    closeSync(log)
    return await Promise.race([untilReady(call), exited])
  }

  async function start(): Promise<void> {
    for (let tries = 0; tries < maxStarts; tries += 1) {
      if (await startOnce()) return
      await end('SIGKILL')
    }
    const log = await readFile(join(dir, 'log'), 'utf8')
    throw new Error(`Ray does not start. Its log ends with:\n${log.slice(-2000)}`)
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (head?.pid === undefined || head.exitCode !== null || head.signalCode !== null) return
    const exited = once(head, 'exit')
    process.kill(signal === 'SIGKILL' ? -head.pid : head.pid, signal)
    await exited
  }

  const call: RayCluster['call'] = async (method, path, body) => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    // Not with fetch: Ray rejects submits with its browser headers (405).
    const {
      statusCode: status,
      body: answer,
      headers: responseHeaders,
    } = await request(url + path, { method, headers, ...content })
    const text = await answer.text()
    const isJson = String(responseHeaders['content-type']).includes('json')
    return { status, text, body: isJson ? (JSON.parse(text) as Json) : null }
  }

  async function stop(): Promise<void> {
    const killTimer = setTimeout(() => void end('SIGKILL'), 20_000)
    await end('SIGTERM')
    clearTimeout(killTimer)
    await rm(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
  }

  await start().catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    url,
    token,
    call,
    jobs: async () => (await call('GET', '/api/jobs/')).body as never,
    kill: () => end('SIGKILL'),
    start,
    stop,
  }
}

function argumentsOf(first: number, dir: string): string[] {
  const ports = ['dashboard-port', 'port', 'ray-client-server-port', 'dashboard-agent-listen-port']
  const more = ['dashboard-agent-grpc-port', 'metrics-export-port', 'node-manager-port', 'object-manager-port']
  return [
    ...['start', '--head', '--block', `--node-ip-address=${address}`, '--dashboard-host=127.0.0.1'],
    ...[...ports, ...more].map((name, index) => `--${name}=${first + index}`),
    ...[
      '--min-worker-port=0',
      '--max-worker-port=0',
      '--num-cpus=2',
      '--num-gpus=2',
      '--object-store-memory=100000000',
      `--temp-dir=${dir}`,
      '--disable-usage-stats',
    ],
  ]
}

/** The component that runs submits is ready seconds after the others. */
async function untilReady(call: RayCluster['call']): Promise<boolean> {
  const deadlineMs = performance.now() + startWithinMs
  while (performance.now() < deadlineMs) {
    const answer = await call('POST', '/api/jobs/', { entrypoint: 'true' }).catch(() => null)
    if (answer?.status === 200) return true
    await wait(200)
  }
  return false
}
