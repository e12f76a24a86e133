import { execFileSync } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { cpus, loadavg, totalmem } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fdatasyncMicros } from './disk.ts'
import type { Stack } from './stack.ts'

/** Machine of a run, required to interpret its figures. */
export interface Machine {
  commit: string
  cores: number
  model: string
  memoryGiB: number
  node: string
  postgres: string
  redis: string
  /** Measured in the data directory of Postgres. */
  fdatasyncMicros: number
  /** Load average before the start; above the number of cores, rates are not meaningful. */
  loadAverage: number
}

const root = fileURLToPath(new URL('..', import.meta.url))

export async function describeMachine({ pool, redis, dataDir }: Stack): Promise<Machine> {
  const [load = 0] = loadavg()
  const { rows } = await pool.query<{ server_version: string }>('SHOW server_version')
  return {
    commit: commit(),
    cores: cpus().length,
    model: cpus()[0]?.model.trim() ?? 'unknown',
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    postgres: rows[0]?.server_version ?? 'unknown',
    redis: redis.description,
    fdatasyncMicros: Math.round(await fdatasyncMicros(dataDir)),
    loadAverage: Number(load.toFixed(2)),
  }
}

/** Writes a run with all its rounds, and returns the path. */
export async function writeResults(run: { machine: Machine } & Readonly<Record<string, unknown>>): Promise<string> {
  const dir = join(root, 'bench', 'results')
  await mkdir(dir, { recursive: true })
  const date = new Date().toISOString()
  const path = join(dir, `${date.slice(0, 10)}-${run.machine.commit}.json`)
  await writeFile(path, `${JSON.stringify({ date, ...run }, null, 2)}\n`)
  return relative(root, path)
}

/** Short commit hash, with a `+` if files differ from it. */
function commit(): string {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  try {
    return (
      git('rev-parse', '--short=8', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
    )
  } catch {
    return 'unknown'
  }
}
