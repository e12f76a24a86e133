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

/** A JupyterHub with its proxy, on free ports, in its own directory. */
export interface TestHub {
  readonly url: string
  /** The token of a service with all permissions on users and servers. */
  readonly token: string
  /** The token of a service that may only read users. */
  readonly otherToken: string
  /** Calls the API, by default with `token`. */
  call(
    method: string,
    path: string,
    options?: { body?: object; token?: string },
  ): Promise<{ status: number; body: Json }>
  /** The named servers of a user, including stopped ones on request. */
  servers(user: string, options?: { withStopped: boolean }): Promise<Readonly<Record<string, JsonObject>>>
  /** Sends SIGKILL to the hub only. Its proxy and servers keep running. */
  kill(): Promise<void>
  /** Starts the hub, also after a kill. Resolves when its API responds. */
  start(): Promise<void>
  /** Stops the hub, its proxy and all servers, and removes the directory. */
  stop(): Promise<void>
}

const startLimitMs = 60_000

/** `binDir`: the directory of its programs, unless on the PATH. */
export async function startHub(binDir: string | null): Promise<TestHub> {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-test-hub-'))
  const firstPort = await freePorts(3)
  const ports = [firstPort, firstPort + 1, firstPort + 2]
  const url = `http://127.0.0.1:${ports[0]}`
  const [token, otherToken, proxyToken] = [secret(), secret(), secret()]
  const env = {
    ...process.env,
    // The hub starts servers with its own PATH.
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
    const deadlineMs = performance.now() + startLimitMs
    while (!(await isResponding(`${url}/hub/api/`))) {
      if (hub.exitCode !== null || performance.now() > deadlineMs) throw new Error(await startFailure(dir))
      await wait(100)
    }
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (hub === null || hub.exitCode !== null || hub.signalCode !== null) return
    const exited = once(hub, 'exit')
    hub.kill(signal)
    await exited
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
    await killProcessesIn(dir)
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

/** The access details of a ready server. */
export interface ServerAccess {
  url: string
  token?: string
  authorization?: string
}

/** The status of a Jupyter server, read with the header of its access; null if it does not return 200. */
export async function statusBehind({ url, authorization = '' }: ServerAccess): Promise<Json> {
  const status = new URL(url)
  status.pathname += 'api/status'
  status.search = ''
  const response = await fetch(status, { redirect: 'manual', headers: { authorization } })
  return response.status === 200 ? ((await response.json()) as Json) : null
}

/** The path to which a browser with only the URL is redirected, without the query. */
export async function pathBehind({ url }: ServerAccess): Promise<string> {
  return new URL((await fetch(url)).url).pathname
}

const configFile = fileURLToPath(new URL('jupyterhub_config.py', import.meta.url))

const secret = () => randomBytes(32).toString('hex')

async function isResponding(url: string): Promise<boolean> {
  return fetch(url).then(
    (response) => response.status === 200,
    () => false,
  )
}

async function startFailure(dir: string): Promise<string> {
  const log = await readFile(join(dir, 'hub.log'), 'utf8')
  return `JupyterHub does not start. Its log ends with:\n${log.split('\n').slice(-15).join('\n')}`
}

/** Kills processes of a killed hub, which run in its directory. */
async function killProcessesIn(dir: string): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '')
    if (cwd !== dir && !cwd.startsWith(`${dir}/`)) continue
    try {
      process.kill(Number(pid), 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
}
