import { globSync } from 'node:fs'
import { enterDebianRoot, hostSystem, missingForRoot, type System } from './debian-root.ts'
import { hasProgram, type Requirements } from './requirements.ts'

/** A release of Slurm, and where it is. */
export interface SlurmRelease {
  name: string
  /** The Debian suite that has it; absent = that of this system. */
  suite?: string
  /** The versions of the REST API that it serves and Switchyard supports, oldest first. */
  versions: readonly [string, ...string[]]
}

export const releases = {
  /** Debian 12. */
  '22.05': { name: '22.05', versions: ['v0.0.37', 'v0.0.38'] },
  /** Debian 13. */
  '24.11': { name: '24.11', suite: 'trixie', versions: ['v0.0.40', 'v0.0.41', 'v0.0.42'] },
  /** Debian's next release. */
  '26.05': { name: '26.05', suite: 'forky', versions: ['v0.0.42', 'v0.0.43', 'v0.0.44', 'v0.0.45'] },
} as const satisfies Record<string, SlurmRelease>

/** Whether its versions have the formats of v0.0.40 and later. */
export const isDataParser = ({ suite }: SlurmRelease): boolean => suite !== undefined

const programs = ['munged', 'slurmctld', 'slurmd', 'slurmrestd', 'squeue', 'scontrol', 'sbatch']
// auth/slurm replaces munge.
const packages = ['slurmctld', 'slurmd', 'slurmrestd', 'slurm-client', 'slurm-wlm-jwt-plugin']

export function slurmRequirements({ name, suite }: SlurmRelease): Requirements {
  const what = `a Slurm cluster of ${name}`
  if (suite !== undefined)
    return { what, missing: missingForRoot(), install: 'apt-get install --no-install-recommends debootstrap' }
  const isJwtThere = globSync('/usr/lib/{*/,}slurm*/auth_jwt.so').length > 0
  return {
    what,
    missing: [
      ...programs.filter((program) => !hasProgram(program)),
      ...(isJwtThere ? [] : ['the plugin auth_jwt.so']),
      ...(process.getuid?.() === 0 ? [] : ['root, to run its daemons as their own users']),
    ],
    // RUNLEVEL=1 keeps the packaged services off.
    install:
      'RUNLEVEL=1 apt-get install --no-install-recommends slurmctld slurmd slurmrestd slurm-client munge slurm-wlm-jwt-plugin',
  }
}

export async function systemOf({ suite }: SlurmRelease): Promise<System> {
  return suite === undefined ? hostSystem : await enterDebianRoot(suite, packages)
}
