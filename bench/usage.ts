import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Pool } from 'pg'

// Resource usage of processes and Postgres, from Linux /proc and the counters of Postgres.

const ticksPerSecond = 100

/** CPU seconds of a process and, with `children`, of all its descendants, exited ones included. */
export async function cpuSeconds(pid: number, children = false): Promise<number> {
  const own = await timesOf(pid)
  if (!children) return own.self
  let total = own.self + own.ended
  for (const child of await childrenOf(pid)) total += (await timesOf(child)).self
  return total
}

async function timesOf(pid: number): Promise<{ self: number; ended: number }> {
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = (await statOf(pid)).slice(11, 15).map(Number)
  return { self: (user + system) / ticksPerSecond, ended: (endedUser + endedSystem) / ticksPerSecond }
}

async function childrenOf(pid: number): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const parents = await Promise.all(pids.map(async (each) => Number((await statOf(each))[1])))
  return pids.filter((_, index) => parents[index] === pid)
}

/** Fields of /proc/<pid>/stat after the name, which may contain spaces; empty if the process has exited. */
async function statOf(pid: number): Promise<string[]> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

/** Resident memory; 0 if the process has exited. */
export async function rssMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024
}

export interface DatabaseUse {
  walKiB: number
  commits: number
  /** Statements of clients, BEGIN and COMMIT included. */
  statements: number
}

/**
 * Counters of the database since its creation. Connections update `commits` with a delay of seconds, and when they
 * close.
 */
export async function databaseUse(pool: Pool): Promise<DatabaseUse> {
  await untilAlone(pool)
  await pool.query('SELECT pg_stat_force_next_flush()')
  const { rows } = await pool.query<Record<keyof DatabaseUse, string>>(`
    SELECT (pg_current_wal_lsn() - '0/0'::pg_lsn) / 1024 AS "walKiB", d.xact_commit AS commits,
      (SELECT sum(calls) FROM pg_stat_statements s WHERE s.dbid = d.datid) AS statements
    FROM pg_stat_database d WHERE d.datname = current_database()`)
  const [use] = rows
  return { walKiB: Number(use?.walKiB), commits: Number(use?.commits), statements: Number(use?.statements) }
}

/** Resolves when no other client is connected. */
async function untilAlone(pool: Pool): Promise<void> {
  const others = "SELECT FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
  for (let tries = 0; (await pool.query(others)).rowCount !== 0; tries++) {
    if (tries === 100) throw new Error('Somebody is still connected to Postgres: commits cannot be counted.')
    await sleep(100)
  }
}
