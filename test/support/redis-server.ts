import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from './free-ports.ts'

export interface RedisServer {
  /** URL without a database number. */
  url: string
  /** Name of the server program, for people. */
  description: string
  /** Process id, for tests that pause it (SIGSTOP, SIGCONT) or kill it. */
  pid: number
  stop(): Promise<void>
}

/**
 * Starts an empty Redis on a free port: `redis-server` if it is on the PATH, otherwise Valkey as WebAssembly in a Node
 * process, which is slower but the same server.
 */
export async function startRedisServer(): Promise<RedisServer> {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-redis-'))
  const port = await freePort()
  const native = await start('redis-server', nativeArguments(port, dir))
  const server = native ?? (await start(process.execPath, ['--no-warnings', valkeyProgram, String(port)]))
  if (server?.pid === undefined) throw new Error('Neither redis-server nor Valkey could be started.')
  const description =
    native === null ? 'Valkey as WebAssembly (no redis-server on the PATH)' : 'redis-server from the PATH'
  return { url: `redis://127.0.0.1:${port}`, description, pid: server.pid, stop: makeStop(server, dir) }
}

const valkeyProgram = fileURLToPath(new URL('./valkey-server.ts', import.meta.url))

function nativeArguments(port: number, dir: string): string[] {
  const flags = { port, bind: '127.0.0.1', dir, save: '', appendonly: 'no', 'maxmemory-policy': 'noeviction' }
  return Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
}

/** Null: the program is not installed. */
async function start(program: string, args: string[]): Promise<ChildProcess | null> {
  // Separate process group, so that Ctrl-C does not end it while tests are still closing.
  const server = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  return (await isReady(server)) ? server : null
}

/** False: the program is not installed. */
function isReady(server: ChildProcess): Promise<boolean> {
  return new Promise((resolve, reject) => {
    let output = ''
    server.once('error', (error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? resolve(false) : reject(error)))
    server.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}: ${output.trim()}`)))
    server.stdout?.on('data', (chunk) => {
      output += chunk
      if (output.includes('eady to accept connections')) resolve(true)
    })
  })
}

function makeStop(server: ChildProcess, dir: string): () => Promise<void> {
  const killOnExit = () => {
    server.kill('SIGKILL')
  }
  process.once('exit', killOnExit)
  return async () => {
    process.off('exit', killOnExit)
    if (server.exitCode === null && server.signalCode === null) {
      const exited = once(server, 'exit')
      server.kill('SIGKILL') // ends it also while a test has it paused
      await exited
    }
    await rm(dir, { recursive: true, force: true })
  }
}
