import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Requirements } from './requirements.ts'
import { installPackages, pythonVersion } from './virtual-environment.ts'

/** The programs of a Ray installation. */
export interface RayPrograms {
  requirements: Requirements
  /** Directory of `ray`. */
  binDir: string
}

const version = '2.60.0'
const constraints = fileURLToPath(new URL('ray-constraints.txt', import.meta.url))
const dir = join(fileURLToPath(new URL('../../.cache/ray', import.meta.url)), version)

/** Installs Ray with its dashboard into a virtual environment once: about a minute, 400 MB. */
export async function rayPrograms(): Promise<RayPrograms> {
  const failure =
    pythonVersion() === ''
      ? 'python3 with venv and ensurepip'
      : await installPackages({ title: `Ray ${version}`, dir, packages: [`ray[default]==${version}`], constraints })
  const requirements = {
    what: 'a Ray cluster',
    missing: failure === null ? [] : [failure],
    install: 'apt-get install --no-install-recommends python3-venv, and access to PyPI',
  }
  return { requirements, binDir: join(dir, 'bin') }
}
