import { decodeJwt } from 'jose'
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
    return {
      title: 'Slurm',
      provider: 'slurm',
      url,
      settings: { baseUrl: url, user, defaultWorkingDirectory: directory },
      credentials: { token },
    }
  },
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
