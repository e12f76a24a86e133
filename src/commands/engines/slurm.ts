import { readFile, stat } from 'node:fs/promises'
import { decodeJwt } from 'jose'
import type { ApiRecord } from '../api-client.ts'
import type { EngineFinder } from './engine.ts'
import { outputOf } from './run-program.ts'

export const slurmFinder: EngineFinder = {
  title: 'Slurm',
  start: 'docs/tutorial-slurm.md',
  async find({
    SLURM_BASE_URL: url = 'http://127.0.0.1:6820',
    SLURM_JWT,
    SLURM_WORKING_DIRECTORY: directory = '/tmp',
  }) {
    const token = SLURM_JWT ?? (await newToken())
    if (token === null) return { missing: 'SLURM_JWT is not set, and `scontrol token` creates no token' }
    const user = userOf(token)
    if (user === null) return { missing: 'SLURM_JWT is not a token of Slurm: it names no user (`sun`)' }
    const foundAt = new Date()
    return {
      title: 'Slurm',
      output: (job) => readOutput(job, { directory, foundAt }),
      provider: 'slurm',
      url,
      settings: { baseUrl: url, user, defaultWorkingDirectory: directory },
      credentials: { token },
    }
  },
}

/**
 * The file that Slurm writes, for which its API has no call, if this machine has it. One that is older than the job is
 * another cluster's, whose ids are the same numbers.
 */
export async function readOutput(
  { remote, result }: ApiRecord,
  { directory, foundAt }: { directory: string; foundAt: Date },
): Promise<string> {
  if (remote?.id === undefined) return '(none: Slurm has no such job)'
  const { slurm } = (result ?? {}) as { slurm?: { stdoutPath?: string } }
  const path = slurm?.stdoutPath ?? `${directory}/slurm-${remote.id}.out`
  const location = `(in ${path} on the cluster)`
  try {
    const { mtime } = await stat(path)
    return mtime < foundAt ? location : await readFile(path, 'utf8')
  } catch {
    return location
  }
}

/** `scontrol token` prints `SLURM_JWT=<token>`. */
async function newToken(): Promise<string | null> {
  return /^SLURM_JWT=(\S+)$/m.exec((await outputOf('scontrol', ['token', 'lifespan=3600'])) ?? '')?.[1] ?? null
}

function userOf(token: string): string | null {
  try {
    const { sun } = decodeJwt(token)
    return typeof sun === 'string' && sun !== '' ? sun : null
  } catch {
    return null
  }
}
