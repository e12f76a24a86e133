import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Pool } from 'pg'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../src/infra/embedded-postgres.ts'
import { migrate } from '../src/infra/migrate.ts'
import type { FaultInput } from '../src/sandbox/faults.ts'
import type { CallTable } from '../src/sandbox/runtime.ts'
import type { Sandbox } from '../src/sandbox/server.ts'
import { startRedisServer } from '../test/support/redis-server.ts'
import { assertOnDisk } from './disk.ts'
import { type Program, startProgram } from './program.ts'

/** Services that every part uses: a database on a disk, Redis and the sandbox, in separate processes. */
export interface Stack {
  /** Directory on a disk for other data of a part. */
  dir: string
  /** Connection of the bench; its statements are not counted. */
  pool: Pool
  /** Number of the bench's transactions on `pool`. */
  ownCommits(): number
  databaseUrl: string
  dataDir: string
  postgresPid: number
  /** Backend process of `pool`, whose CPU belongs to the bench. */
  ownBackendPid: number
  redis: { url: string; pid: number; description: string }
  sandbox: SandboxProgram
  /** Removes all work: empties Redis, the sandbox, the audit log and the tables, except for the initial rows. */
  clear(): Promise<void>
  stop(): Promise<void>
}

type Listening = Pick<Sandbox, 'urls' | 'accounts'>

export interface SandboxProgram extends Program<Listening & { others: readonly Listening[] }> {
  send<Reply = CallTable>(message: { reset?: true; fault?: FaultInput }): Promise<Reply>
}

const settings = {
  max_connections: '300',
  shared_buffers: '256MB',
  max_wal_size: '4GB',
  shared_preload_libraries: 'pg_stat_statements',
}

const untracked = '-c pg_stat_statements.track=none'

/** Starts all services, with the default durability of Postgres. */
export async function startStack(dir: string): Promise<Stack> {
  await mkdir(dir, { recursive: true })
  await assertOnDisk(dir)
  await rm(join(dir, 'postgres'), { recursive: true, force: true })
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, 'postgres'), persistent: true, settings })
  // For root the data directory may differ from the requested one.
  await assertOnDisk(postgres.dataDir)
  await migrate({ url: postgres.url })
  const pool = new Pool({ connectionString: postgres.url, max: 1, idleTimeoutMillis: 0, options: untracked })
  let commits = 0
  pool.on('acquire', () => commits++)
  await pool.query('CREATE EXTENSION pg_stat_statements')
  await pool.query(`CREATE TABLE bare_jobs (id text PRIMARY KEY, provider text, name text, status text, spec jsonb, labels jsonb,
    created_at timestamptz NOT NULL DEFAULT now(), remote_id text, started_at timestamptz, ended_at timestamptz)`)
  await pool.query(`CREATE TABLE bare_deliveries (id text PRIMARY KEY, url text, secret text, payload jsonb, status text, http_status int,
    settled_at timestamptz)`)
  const redis = await startRedisServer()
  const sandbox: SandboxProgram = await startProgram(new URL('./programs/sandbox.ts', import.meta.url), {})
  return {
    dir,
    pool,
    ownCommits: () => commits,
    databaseUrl: postgres.url,
    dataDir: postgres.dataDir,
    ...(await processesOf(pool)),
    redis,
    sandbox,
    clear: () => clear(pool, redis.url, sandbox),
    stop: () => stop({ postgres, pool, redis, sandbox }),
  }
}

async function clear(pool: Pool, redisUrl: string, sandbox: SandboxProgram): Promise<void> {
  await pool.query(`TRUNCATE bare_jobs, workloads, workload_labels, workload_secrets, idempotency_keys,
    workload_attempts, workload_events, webhook_endpoints, webhook_deliveries, bare_deliveries`)
  // As after the creation of a connection, which is the only time that its rows are inserted.
  await pool.query(`UPDATE sweeps SET due_at = DEFAULT, lease_id = DEFAULT, lease_until = DEFAULT, interval_ms = DEFAULT,
    last_started_at = DEFAULT, last_completed_at = DEFAULT, last_seen = DEFAULT, last_orphans = DEFAULT`)
  await pool.query('CHECKPOINT')
  const redis = new Redis(redisUrl)
  await redis.flushall()
  await redis.quit()
  await sandbox.send({ reset: true })
}

async function stop(parts: {
  postgres: EmbeddedPostgres
  pool: Pool
  redis: { stop(): Promise<void> }
  sandbox: SandboxProgram
}): Promise<void> {
  await parts.sandbox.stop()
  await parts.redis.stop()
  await parts.pool.end()
  await parts.postgres.stop()
  await rm(parts.postgres.dataDir, { recursive: true, force: true })
}

/** Finds the server process: the parent of any backend. */
async function processesOf(pool: Pool): Promise<Pick<Stack, 'postgresPid' | 'ownBackendPid'>> {
  const { rows } = await pool.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  const ownBackendPid = rows[0]?.pid ?? 0
  const status = await readFile(`/proc/${ownBackendPid}/status`, 'utf8')
  return { ownBackendPid, postgresPid: Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]) }
}
