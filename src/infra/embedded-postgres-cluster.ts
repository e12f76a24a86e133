import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Account, Binaries } from './embedded-postgres-account.ts'

/** State stored next to the Postgres files for the next start. */
export interface ClusterNote {
  password: string
  /** The process that last started Postgres, to distinguish an orphan from a cluster in use. */
  startedByPid: number
}

/** The locale is fixed because Postgres output is compared and shown; no other variables are passed on. */
export const postgresEnvironment = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/local/bin:/usr/bin:/bin' }

const stopTimeoutMs = 15_000
const noteFile = 'switchyard.json'

/** Creates the cluster if missing, in a temporary directory that is then renamed, so that no partial one remains. */
export async function ensureCluster(dataDir: string, binaries: Binaries, account: Account): Promise<ClusterNote> {
  const version = await readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(() => null)
  if (version !== null) return readNote(dataDir)
  const existing = await readdir(dataDir).catch(() => [])
  if (existing.length > 0) {
    throw new Error(`${dataDir} holds files but no Postgres cluster. Remove the directory, or set DATA_DIR to another.`)
  }
  return createCluster(dataDir, binaries, account)
}

async function createCluster(dataDir: string, binaries: Binaries, account: Account): Promise<ClusterNote> {
  const building = `${dataDir}.new-${process.pid}`
  const passwordFile = `${building}.password`
  const note = { password: randomBytes(16).toString('hex'), startedByPid: process.pid }
  await mkdir(dirname(dataDir), { recursive: true })
  await rm(building, { recursive: true, force: true })
  await mkdir(building, { mode: 0o700 })
  await writeFile(passwordFile, `${note.password}\n`, { mode: 0o600 })
  if (account !== null) for (const path of [building, passwordFile]) await chown(path, account.uid, account.gid)
  try {
    await runInitdb(binaries.initdb, { building, passwordFile, account })
    await writeNote(building, note)
    await rename(building, dataDir)
  } finally {
    await rm(passwordFile, { force: true })
    await rm(building, { recursive: true, force: true })
  }
  return note
}

function runInitdb(
  initdb: string,
  options: { building: string; passwordFile: string; account: Account },
): Promise<void> {
  const args = [
    `--pgdata=${options.building}`,
    `--pwfile=${options.passwordFile}`,
    '--username=postgres',
    '--auth=password',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]
  return new Promise((resolve, reject) => {
    // A working directory that the account can read; that of this process may be inaccessible.
    const child = spawn(initdb, args, { ...options.account, env: postgresEnvironment, cwd: '/' })
    let output = ''
    child.stdout.on('data', (chunk) => {
      output += chunk
    })
    child.stderr.on('data', (chunk) => {
      output += chunk
    })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`initdb ended with code ${code}: ${output.trim().slice(-2000)}`)),
    )
  })
}

/**
 * Cleans up after an earlier run. Stops an orphaned server (its parent was killed), removes the lock file of a process
 * id that was reused, and rejects a cluster in use by another Switchyard.
 */
export async function clearLeftovers(dataDir: string): Promise<void> {
  const lockFile = join(dataDir, 'postmaster.pid')
  const [pidLine, , , port] = (await readFile(lockFile, 'utf8').catch(() => '')).split('\n')
  const pid = Number(pidLine)
  if (!Number.isInteger(pid) || pid <= 0) return
  if (!(await runsCluster(pid, dataDir))) return rm(lockFile, { force: true })
  const { startedByPid } = await readNote(dataDir)
  if (startedByPid !== process.pid && isAlive(startedByPid)) {
    throw new Error(
      `${dataDir} is in use by the Switchyard process ${startedByPid} (Postgres on port ${port}). ` +
        'Stop that process, or set DATA_DIR to another directory.',
    )
  }
  await stopOrphan(pid, dataDir)
}

async function stopOrphan(pid: number, dataDir: string): Promise<void> {
  process.kill(pid, 'SIGINT')
  const giveUpAt = Date.now() + stopTimeoutMs
  while ((await runsCluster(pid, dataDir)) && Date.now() < giveUpAt) await delay(50)
  if (await runsCluster(pid, dataDir))
    throw new Error(`Postgres process ${pid} of an earlier run does not stop. End it by hand.`)
}

/** Records this process as the owner of the cluster. */
export async function claimCluster(dataDir: string, note: ClusterNote): Promise<void> {
  await writeNote(dataDir, { ...note, startedByPid: process.pid })
}

async function readNote(dataDir: string): Promise<ClusterNote> {
  const text = await readFile(join(dataDir, noteFile), 'utf8').catch((cause) => {
    throw new Error(
      `${join(dataDir, noteFile)} cannot be read: the cluster was made by something else or another user. ` +
        'Remove the directory, or set DATA_DIR to another.',
      { cause },
    )
  })
  return JSON.parse(text) as ClusterNote
}

async function writeNote(dataDir: string, note: ClusterNote): Promise<void> {
  const path = join(dataDir, noteFile)
  await writeFile(path, JSON.stringify(note), { mode: 0o600 })
  await chmod(path, 0o600)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process exists under another account.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function runsCluster(pid: number, dataDir: string): Promise<boolean> {
  if (!isAlive(pid)) return false
  // Empty for a zombie process.
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => null)
  // Without /proc (macOS), assume that the process is the one in the lock file.
  return commandLine === null || commandLine.includes(dataDir)
}
