import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { Client } from 'pg'
import {
  type Account,
  type Binaries,
  chooseAccount,
  findBinaries,
  reachableDataDir,
} from './embedded-postgres-account.ts'
import {
  type ClusterNote,
  claimCluster,
  clearLeftovers,
  ensureCluster,
  postgresEnvironment,
} from './embedded-postgres-cluster.ts'
import { keepRunning, type Watching } from './embedded-postgres-watch.ts'

export interface EmbeddedPostgresOptions extends Omit<Watching, 'start'> {
  /** Directory of the cluster. Created if missing; moved under /var/lib if only root, who runs this, can read it. */
  dataDir: string
  /** TCP port on 127.0.0.1; default: any free port. */
  port?: number
  /** false: disposable data: no fsync, and the directory is removed before the start and by `stop`. */
  persistent: boolean
  /** Server settings as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>
  /** Receives the log lines of Postgres. */
  log?: (line: string) => void
}

export interface EmbeddedPostgres {
  /** Connection string of the database `switchyard`, new or existing, with superuser privileges. */
  url: string
  /** The actual data directory. */
  dataDir: string
  /** Stops the server; with `persistent: false`, also removes its data. */
  stop(): Promise<void>
}

const databaseName = 'switchyard'
const disposableSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
const startTries = 3

/**
 * Starts a Postgres server from npm's binaries on the loopback interface. It stops with this process and is restarted
 * on the same port if it exits earlier. If this process is killed, the next start on the same directory stops the
 * orphan.
 *
 * The starter of the `embedded-postgres` package is not used: it hooks SIGINT and SIGTERM to end the whole process,
 * which would interrupt draining, and it shares the process group, so Ctrl-C would stop the database first.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = await chooseAccount(options.dataDir)
  const dataDir = await reachableDataDir(options.dataDir, account)
  const binaries = await findBinaries(account)
  await clearLeftovers(dataDir)
  if (!options.persistent) await rm(dataDir, { recursive: true, force: true })
  const note = await ensureCluster(dataDir, binaries, account)
  await claimCluster(dataDir, note)
  const { server, port } = await startOnFreePort({ ...options, dataDir }, binaries, account)
  const start = () => startServer({ ...options, dataDir, port }, binaries.postgres, account)
  const stop = makeStop(keepRunning(server, { ...options, start }), options.persistent ? null : dataDir)
  try {
    return { url: await ensureDatabase(port, note), dataDir, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Another process may take a free port before it is used: retries with a new one, unless the caller chose the port. */
async function startOnFreePort(
  options: EmbeddedPostgresOptions,
  binaries: Binaries,
  account: Account,
): Promise<{ server: ChildProcess; port: number }> {
  if (account !== null) await chown(options.dataDir, account.uid, account.gid)
  for (let tries = 1; ; tries++) {
    const port = options.port ?? (await freePort())
    try {
      return { server: await startServer({ ...options, port }, binaries.postgres, account), port }
    } catch (error) {
      const isPortInUse = error instanceof Error && error.message.includes('Address already in use')
      if (options.port !== undefined || !isPortInUse || tries === startTries) throw error
    }
  }
}

async function startServer(
  options: EmbeddedPostgresOptions & { port: number },
  postgres: string,
  account: Account,
): Promise<ChildProcess> {
  const settings = {
    listen_addresses: '127.0.0.1',
    // No socket file: its directory may not exist, and its path has a length limit.
    unix_socket_directories: '',
    ...(options.persistent ? {} : disposableSettings),
    ...options.settings,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(postgres, ['-D', options.dataDir, '-p', String(options.port), ...flags], {
    ...account,
    env: postgresEnvironment,
    cwd: '/',
    // In a separate process group, so that Ctrl-C in a terminal does not stop Postgres before this process.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  await untilReady(server, options.log ?? (() => {}))
  return server
}

function untilReady(server: ChildProcess, log: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let recent = ''
    server.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      for (const line of chunk.split('\n')) if (line !== '') log(line)
      recent = (recent + chunk).slice(-4000)
      if (recent.includes('database system is ready to accept connections')) resolve()
    })
    server.once('error', reject)
    server.once('exit', (code) =>
      reject(new Error(`Postgres ended with code ${code} while starting: ${recent.trim()}`)),
    )
  })
}

/** Idempotent. */
function makeStop(stopServer: () => Promise<void>, removeDir: string | null): () => Promise<void> {
  let stopping: Promise<void> | undefined
  const stop = async () => {
    await stopServer()
    if (removeDir !== null) await rm(removeDir, { recursive: true, force: true })
  }
  return () => {
    stopping ??= stop()
    return stopping
  }
}

async function ensureDatabase(port: number, { password }: ClusterNote): Promise<string> {
  const server = `postgresql://postgres:${password}@127.0.0.1:${port}`
  const client = new Client({ connectionString: `${server}/postgres` })
  await client.connect()
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseName])
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${databaseName}`)
  } finally {
    await client.end()
  }
  return `${server}/${databaseName}`
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  probe.close()
  await once(probe, 'close')
  if (address === null || typeof address === 'string') throw new Error('The system gave no TCP port.')
  return address.port
}
