import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, inject } from 'vitest'
import { makeDaemon } from '../real/daemon.ts'
import { hasProgram } from '../real/requirements.ts'
import { freePort } from './free-ports.ts'

export type PoolMode = 'session' | 'transaction' | 'statement'

export interface Pgbouncer {
  /** URL of a test database through the pooler. */
  through(databaseUrl: string): string
  stop(): Promise<void>
}

/**
 * Starts a real PgBouncer in front of the test server, with default settings except for those given here. PgBouncer
 * does not run as root.
 */
export async function startPgbouncer(
  mode: PoolMode,
  settings: Readonly<Record<string, string>> = {},
  address: { hostname?: string; port?: string } = {},
): Promise<Pgbouncer> {
  const server = Object.assign(new URL(inject('testDatabaseServerUrl')), address)
  const port = await freePort()
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-pgbouncer-'))
  const lines = {
    ...{ listen_addr: '127.0.0.1', listen_port: port, unix_socket_dir: '', auth_type: 'any', pool_mode: mode },
    ...settings,
  }
  const target = `host=${server.hostname} port=${server.port} user=${server.username} password=${server.password}`
  const text = Object.entries(lines).map(([name, value]) => `${name} = ${value}`)
  await writeFile(join(dir, 'pgbouncer.ini'), `[databases]\n* = ${target}\n[pgbouncer]\n${text.join('\n')}\n`)
  await chmod(dir, 0o755)
  const daemon = makeDaemon({
    ...{ program: 'pgbouncer', args: [join(dir, 'pgbouncer.ini')], cwd: '/', logFile: join(dir, 'pgbouncer.log') },
    user: process.getuid?.() === 0 ? 'nobody' : null,
    isReady: () => accepts(port),
  })
  await daemon.start()
  return {
    through: (databaseUrl) => Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).href,
    async stop() {
      await daemon.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** Defines a suite that requires PgBouncer. If it is not installed, the suite is skipped and its title says so. */
export function describeWithPgbouncer(title: string, define: () => void): void {
  if (hasProgram('pgbouncer')) {
    describe(title, define)
    return
  }
  const reason = 'pgbouncer is not installed. Get it with: apt-get install pgbouncer'
  process.stderr.write(`Skipped: ${title}. ${reason}\n`)
  describe.skip(`${title} [skipped: ${reason}]`, define)
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    }).on('error', () => resolve(false))
  })
}
