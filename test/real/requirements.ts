import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'

/** Requirements of a real server on the machine. */
export interface Requirements {
  /** Name of the server, such as `a Slurm cluster`. */
  what: string
  /** Readable names of what is missing; empty if nothing is. */
  missing: readonly string[]
  /** The command that installs it. */
  install: string
  /** Whether its absence is a failure, by default if CI is set. `false` skips the suite in CI, too; `true` never does. */
  isPromised?: boolean
}

/**
 * A suite that needs a real server. If requirements are missing, it fails in CI, unless they are optional there, and is
 * skipped elsewhere, with the reason in its title.
 */
export function describeReal(title: string, requirements: Requirements, define: () => void): void {
  const { what, missing, install } = requirements
  if (missing.length === 0) {
    describe(title, define)
    return
  }
  const reason = `${what} needs ${missing.join(', ')}. Get it with: ${install}`
  if (!isPromised(requirements, process.env.CI)) {
    process.stderr.write(`Skipped: ${title}. ${reason}\n`)
    describe.skip(`${title} [skipped: ${reason}]`, define)
    return
  }
  describe(title, () => {
    it('has its requirements', () => {
      throw new Error(reason)
    })
  })
}

/** `ci`: the environment variable CI. */
export function isPromised(requirements: Pick<Requirements, 'isPromised'>, ci: string | undefined): boolean {
  return requirements.isPromised ?? (ci !== undefined && ci !== 'false')
}

/** Daemons may be in directories outside a user's PATH. */
export const daemonPath = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`

export function hasProgram(name: string): boolean {
  return spawnSync('which', [name], { env: { PATH: daemonPath }, stdio: 'ignore' }).status === 0
}
