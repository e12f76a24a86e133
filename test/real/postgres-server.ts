import { execFileSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../support/free-ports.ts'
import { makeDaemon } from './daemon.ts'
import type { Requirements } from './requirements.ts'

/** Program directory of the newest installed server, in Debian's layout. */
const binDir = globSync('/usr/lib/postgresql/*/bin').sort(byVersion).at(-1) ?? ''

/** The server does not run as root. */
const user = process.getuid?.() === 0 ? 'postgres' : null

export function postgresRequirements(): Requirements {
  const programs = ['initdb', 'postgres', 'pg_dump', 'pg_restore', 'pg_basebackup', 'createdb']
  return {
    what: 'a backup test',
    missing: programs.filter((name) => !existsSync(join(binDir, name))),
    install: 'RUNLEVEL=1 apt-get install --no-install-recommends postgresql',
  }
}

export interface PostgresServer {
  /** URL of a database of this server. */
  url(database: string): string
  /** Runs one of Postgres' programs against this server, with its files in `dir`. */
  run(program: string, ...args: readonly string[]): void
  stop(): Promise<void>
}

/** A directory owned by the server's user. */
export function makeServerDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'switchyard-backups-'))
  chmodSync(path, 0o755)
  if (user !== null) execFileSync('chown', [user, path])
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Creates an empty cluster whose complete WAL is archived in `archive`. */
export function initCluster(dataDir: string, archive: string): void {
  asUser('mkdir', archive)
  asUser(join(binDir, 'initdb'), '-D', dataDir, '-A', 'trust', '-U', 'switchyard', '-E', 'UTF8', '--locale=C.UTF-8')
  const lines = [
    'archive_mode = on',
    `archive_command = 'cp %p ${archive}/%f'`,
    "unix_socket_directories = ''",
    'fsync = off',
    '',
  ]
  appendFileSync(join(dataDir, 'postgresql.conf'), lines.join('\n'))
}

/** Configures a base backup to recover up to a named restore point and continue on a new timeline. */
export function recoverTo(dataDir: string, archive: string, restorePoint: string): void {
  const lines = [
    `restore_command = 'cp ${archive}/%f %p'`,
    `recovery_target_name = '${restorePoint}'`,
    "recovery_target_action = 'promote'",
    '',
  ]
  appendFileSync(join(dataDir, 'postgresql.conf'), lines.join('\n'))
  writeFileSync(join(dataDir, 'recovery.signal'), '')
}

export async function startServer(dataDir: string): Promise<PostgresServer> {
  const port = await freePort()
  const server = ['-h', '127.0.0.1', '-p', String(port), '-U', 'switchyard']
  const daemon = makeDaemon({
    program: join(binDir, 'postgres'),
    args: ['-D', dataDir, '-p', String(port), '-c', 'listen_addresses=127.0.0.1'],
    user,
    cwd: dataDir,
    logFile: `${dataDir}.log`,
    isReady: () => isPrimary(server),
  })
  await daemon.start()
  return {
    url: (database) => `postgresql://switchyard@127.0.0.1:${port}/${database}`,
    run: (program, ...args) => asUser(join(binDir, program), ...server, ...args),
    stop: daemon.stop,
  }
}

/** Whether the server accepts writes, so recovery is complete. */
function isPrimary(server: readonly string[]): boolean {
  const query = ['-d', 'postgres', '-Atc', 'SELECT pg_is_in_recovery()']
  try {
    return execFileSync(join(binDir, 'psql'), [...server, ...query], { encoding: 'utf8', stdio: 'pipe' }) === 'f\n'
  } catch {
    return false
  }
}

function asUser(program: string, ...args: readonly string[]): void {
  const [file, ...rest] =
    user === null
      ? [program, ...args]
      : ['setpriv', '--reuid', user, '--regid', user, '--init-groups', program, ...args]
  execFileSync(file, rest, { cwd: tmpdir(), stdio: 'pipe' })
}

function byVersion(left: string, right: string): number {
  return left.localeCompare(right, 'en', { numeric: true })
}
