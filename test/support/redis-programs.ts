import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const version = spawnSync('redis-server', ['--version'], { encoding: 'utf8' }).stdout ?? ''
/** Older versions have no `cluster-port`; Valkey from npm has neither TLS nor Sentinel nor Cluster. */
const isInstalled = /v=([7-9]|\d\d)\./.test(version)
const requirement = 'it needs redis-server 7 or newer; get it with: apt-get install redis-server'
/** With REQUIRE_REDIS=1 nothing is skipped: tests without the program fail. */
export const hasRedisPrograms = isInstalled || process.env.REQUIRE_REDIS === '1'
export const redisSkipped = hasRedisPrograms ? '' : ` [skipped: ${requirement}]`

/** Directives of redis.conf; a list repeats one. */
export type RedisDirectives = Readonly<Record<string, string | number | readonly string[]>>

export interface RedisProgram {
  port: number
  signal(name: NodeJS.Signals): void
  stop(): Promise<void>
}

/**
 * Starts `redis-server` with these directives, or `redis-server --sentinel`; resolves when it accepts connections. With a
 * certificate, the port is for TLS only, unless a `tls-port` is set.
 */
export async function startRedisProgram(
  port: number,
  directives: RedisDirectives,
  mode: 'server' | 'sentinel' = 'server',
): Promise<RedisProgram> {
  if (!isInstalled) throw new Error(`The test cannot run: ${requirement}.`)
  const dir = mkdtempSync(join(tmpdir(), 'switchyard-redis-'))
  const file = join(dir, 'redis.conf')
  writeFileSync(file, linesOf({ ...portOf(port, directives), bind: '127.0.0.1', dir, ...directives }))
  chmodSync(dir, 0o700)
  const arguments_ = mode === 'sentinel' ? [file, '--sentinel'] : [file]
  const child = spawn('redis-server', arguments_, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const kill = () => void child.kill('SIGKILL')
  process.once('exit', kill)
  await isStarted(child)
  return {
    port,
    signal: (name) => void child.kill(name),
    async stop() {
      process.off('exit', kill)
      if (child.exitCode === null && child.signalCode === null) {
        const exited = once(child, 'exit')
        kill()
        await exited
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

const portOf = (port: number, directives: RedisDirectives): RedisDirectives =>
  'tls-cert-file' in directives && !('tls-port' in directives) ? { port: 0, 'tls-port': port } : { port }

function linesOf(directives: RedisDirectives): string {
  const lines = Object.entries(directives).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((each: string | number) => `${name} ${each}`),
  )
  return `${lines.join('\n')}\n`
}

function isStarted(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = ''
    child.once('exit', (code) => reject(new Error(`redis-server ended with code ${code}: ${output.trim()}`)))
    child.stdout?.on('data', (chunk) => {
      output += chunk
      if (/eady to accept connections|Sentinel ID is/.test(output)) resolve()
    })
  })
}

/** Nothing is kept on disk. */
export const volatile: RedisDirectives = { save: '""', appendonly: 'no', 'repl-diskless-sync-delay': 0 }
