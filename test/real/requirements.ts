import { spawnSync } from 'node:child_process'
import { describe, it } from 'vitest'

/** What a real server needs of the machine. */
export interface Requirements {
  /** In words: `a Slurm cluster`. */
  what: string
  /** What is missing, as a person would say it; empty = all is there. */
  missing: readonly string[]
  /** The command that brings it. */
  install: string
  /** Whether its absence is a failure. By default where CI is set; `false` skips the suite there too, `true` nowhere. */
  isPromised?: boolean
}

/**
 * A suite that needs a real server. Without it: a failure in CI, where somebody promised it; elsewhere skipped, with the
 * reason in the title.
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
    it('has what it needs', () => {
      throw new Error(reason)
    })
  })
}

/** `ci`: the variable CI. */
export function isPromised(requirements: Pick<Requirements, 'isPromised'>, ci: string | undefined): boolean {
  return requirements.isPromised ?? (ci !== undefined && ci !== 'false')
}

/** Daemons are in directories that a user's PATH may leave out. */
export const daemonPath = `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`

export function hasProgram(name: string): boolean {
  return spawnSync('which', [name], { env: { PATH: daemonPath }, stdio: 'ignore' }).status === 0
}
