import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Json, JsonObject } from '../../src/vocabulary/json.ts'
import { freePorts } from '../support/free-ports.ts'

/** A real JupyterHub with its proxy, on free ports, below a directory of its own. */
export interface TestHub {
  readonly url: string
  /** Of a service that may do everything with users and servers. */
  readonly token: string
  /** Of a service that may look at users and nothing else. */
  readonly otherToken: string
  /** A call to its API, with the token of that service or another. */
  call(
    method: string,
    path: string,
    options?: { body?: object; token?: string },
  ): Promise<{ status: number; body: Json }>
  /** A user's named servers as the hub shows them, stopped ones on request. */
  servers(user: string, options?: { withStopped: boolean }): Promise<Readonly<Record<string, JsonObject>>>
  /** SIGKILL for the hub alone: its proxy and the servers live on. */
  kill(): Promise<void>
  /** Starts it, again after a kill. Resolves when its API answers. */
  start(): Promise<void>
  /** Ends the hub, its proxy, all servers, and removes the directory. */
  stop(): Promise<void>
}

const startLimitMs = 60_000

/** `binDir`: where its programs are, unless on the PATH. */
export async function startHub(binDir: string | null): Promise<TestHub> {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-test-hub-'))
  const firstPort = await freePorts(3)
  const ports = [firstPort, firstPort + 1, firstPort + 2]
  const url = `http://127.0.0.1:${ports[0]}`
  const [token, otherToken, proxyToken] = [secret(), secret(), secret()]
  const env = {
    ...process.env,
    // Servers are started by the hub, with its PATH.
    PATH: [...(binDir === null ? [] : [binDir]), process.env.PATH].join(delimiter),
    HUB_DIR: dir,
    HUB_PORTS: ports.join(','),
    HUB_TOKEN: token,
    HUB_OTHER_TOKEN: otherToken,
    HUB_PROXY_TOKEN: proxyToken,
  }
  let hub: ChildProcess | null = null

  async function start(): Promise<void> {
    const log = openSync(join(dir, 'hub.log'), 'a')
    hub = spawn(binDir === null ? 'jupyterhub' : join(binDir, 'jupyterhub'), ['-f', configFile], {
      cwd: dir,
      env,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    const untilMs = performance.now() + startLimitMs
    while (!(await answers(`${url}/hub/api/`))) {
      if (hub.exitCode !== null || performance.now() > untilMs) throw new Error(await complaint(dir))
      await wait(100)
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (hub === null || hub.exitCode !== null || hub.signalCode !== null) return
    const ended = once(hub, 'exit')
    hub.kill(signal)
    await ended
  }

  const call: TestHub['call'] = async (method, path, { body, token: other } = {}) => {
    const headers = { authorization: `token ${other ?? token}` }
    const content = body === undefined ? {} : { body: JSON.stringify(body) }
    const response = await fetch(`${url}/hub/api${path}`, { method, headers, ...content })
    const text = await response.text()
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as Json) }
  }

  const stop = async () => {
    await end('SIGTERM')
    await killThoseIn(dir)
    await rm(dir, { recursive: true, force: true, maxRetries: 5 })
  }

  await start().catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return {
    url,
    token,
    otherToken,
    call,
    async servers(user, { withStopped } = { withStopped: true }) {
      const { body } = await call('GET', `/users/${user}${withStopped ? '?include_stopped_servers=1' : ''}`)
      const { servers = {} } = body as { servers?: Record<string, JsonObject> }
      return Object.fromEntries(Object.entries(servers).filter(([name]) => name !== ''))
    },
    kill: () => end('SIGKILL'),
    start,
    stop,
  }
}

/** What a ready server's way in says of it. */
export interface ServerAccess {
  url: string
  token?: string
  authorization?: string
}

/** The JSON that a Jupyter server answers to the header of its access; null where it does not answer. */
export async function statusBehind({ url, authorization = '' }: ServerAccess): Promise<Json> {
  const status = new URL(url)
  status.pathname += 'api/status'
  status.search = ''
  const response = await fetch(status, { redirect: 'manual', headers: { authorization } })
  return response.status === 200 ? ((await response.json()) as Json) : null
}

/** Where an address leads somebody who has nothing but the address: the last path, without its query. */
export async function pathBehind({ url }: ServerAccess): Promise<string> {
  return new URL((await fetch(url)).url).pathname
}

const configFile = fileURLToPath(new URL('jupyterhub_config.py', import.meta.url))

const secret = () => randomBytes(32).toString('hex')

async function answers(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.status === 200,
    () => false,
  )
}

async function complaint(dir: string): Promise<string> {
  const log = await readFile(join(dir, 'hub.log'), 'utf8')
  return `JupyterHub does not start. The end of its log:\n${log.split('\n').slice(-15).join('\n')}`
}

/** What a killed hub left behind works in its directory. */
async function killThoseIn(dir: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (cwd !== dir && !cwd.startsWith(`${dir}/`)) continue
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
}
