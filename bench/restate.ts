import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { sandboxConnection } from '../src/commands/sandbox-connections.ts'
import { freePort } from '../test/support/free-ports.ts'
import { type Program, startBinary, startProgram } from './program.ts'
import type { Stack } from './stack.ts'

/** Durable execution engine that `--peers` compares with. Its packages are installed on first use. */
export interface Restate {
  /** URL for invocations. */
  url: string
  server: Program<unknown>
  service: Program<unknown>
  /** Number of completed handlers. */
  handled(): Promise<number>
  stop(): Promise<void>
}

const packages = ['@restatedev/restate-server@1.7.12', '@restatedev/restate-sdk@1.17.2']

/** The launcher of the other package would start a child process that the bench could not stop. */
const binaryPackage = `restate-server-${process.platform}-${process.arch}`

/** @param handler `none` returns immediately; `call` makes the signed call of a Slurm job, as one durable step */
export async function startRestate(stack: Stack, handler: 'none' | 'call'): Promise<Restate> {
  const modules = await installPeers(join(stack.dir, 'peers'))
  const dataDir = await mkdtemp(join(stack.dir, 'restate-'))
  const [ingress, admin, fabric, port] = [await freePort(), await freePort(), await freePort(), await freePort()]
  const server = startBinary(
    join(modules, '@restatedev', binaryPackage, 'bin', 'restate-server'),
    ['--no-logo', '--listen-mode=tcp'],
    {
      RESTATE_BASE_DIR: dataDir,
      RESTATE_BIND_IP: '127.0.0.1',
      RESTATE_ADVERTISED_HOST: '127.0.0.1',
      RESTATE_BIND_PORT: String(fabric),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'error',
    },
  )
  const slurm = sandboxConnection(stack.sandbox.ready, 'slurm')
  const service = await startProgram<unknown>(new URL('./programs/restate-service.ts', import.meta.url), {
    SDK: pathToFileURL(join(modules, '@restatedev', 'restate-sdk', 'dist', 'index.js')).href,
    PORT: String(port),
    HANDLER: handler,
    CONNECTION: JSON.stringify({ settings: slurm?.settings.slurm, credentials: slurm?.credentials.slurm }),
  })
  await register(`http://127.0.0.1:${admin}/deployments`, `http://127.0.0.1:${port}`, server)
  return {
    url: `http://127.0.0.1:${ingress}`,
    server,
    service,
    handled: () => service.send<number>({}),
    async stop() {
      await Promise.all([server.stop(), service.stop()])
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function installPeers(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true })
  const flags = ['--no-audit', '--no-fund', '--no-save', '--prefix', dir]
  await promisify(execFile)('npm', ['install', ...flags, ...packages])
  return join(dir, 'node_modules')
}

const tries = 600

async function register(url: string, uri: string, server: Program<unknown>): Promise<void> {
  for (let left = tries; left > 0; left--) {
    if (server.hasEnded()) throw new Error(`Restate ended: ${server.output()}`)
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri }),
    }).catch(() => null)
    if (response?.ok) return
    await sleep(100)
  }
  throw new Error(`Restate takes no service: ${server.output()}`)
}
