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
  /** Directory of the cluster. Made when missing; moved under /var/lib when run by root from where only root can look. */
  dataDir: string
  /** TCP port on 127.0.0.1; a free one is chosen when left out. */
  port?: number
  /** false: the data is worth nothing: no fsync, and the directory is removed before the start and by `stop`. */
  persistent: boolean
  /** Server settings, as in postgresql.conf. */
  settings?: Readonly<Record<string, string>>
  /** Receives Postgres' own log lines. */
  log?: (line: string) => void
}

export interface EmbeddedPostgres {
  /** Connection string of an empty or earlier filled database named `switchyard`, with a superuser's rights. */
  url: string
  /** Where the data really lies. */
  dataDir: string
  /** Stops the server; with `persistent: false` also removes its data. */
  stop(): Promise<void>
}

const databaseName = 'switchyard'
const throwAwaySettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }
const startTries = 3

/**
 * Starts a real Postgres of its own from npm's binaries, on the loopback interface only. It ends with this process
 * (a killed one leaves an orphan, which the next start on the same directory stops), and is started again on the same port
 * where it ends before.
 *
 * The `embedded-postgres` package's own starter is not used: it hooks SIGINT and SIGTERM to end the whole process,
 * which would cut off draining, and it shares our process group, so Ctrl-C would stop the database before us.
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

/** Between finding a free port and using it somebody else may take it: try again, unless the caller chose the port. */
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
      const portTaken = error instanceof Error && error.message.includes('Address already in use')
      if (options.port !== undefined || !portTaken || tries === startTries) throw error
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
    ...(options.persistent ? {} : throwAwaySettings),
    ...options.settings,
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const server = spawn(postgres, ['-D', options.dataDir, '-p', String(options.port), ...flags], {
    ...account,
    env: postgresEnvironment,
    cwd: '/',
    // A process group of its own: Ctrl-C in a terminal reaches us first, we stop Postgres last.
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

/** Once and for all, however often it is called. */
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
