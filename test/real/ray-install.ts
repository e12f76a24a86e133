import { pythonPrograms } from './python-programs.ts'
import type { Requirements } from './requirements.ts'

/** The programs of a Ray installation. */
export interface RayPrograms {
  requirements: Requirements
  /** Directory of `ray`. */
  binDir: string
}

const version = '2.60.0'

/** Installs Ray with its dashboard into a virtual environment once: about a minute, 400 MB. */
export async function rayPrograms(): Promise<RayPrograms> {
  const packages = [`ray[default]==${version}`]
  const { binDir, missing } = await pythonPrograms(`Ray ${version}`, 'ray-constraints.txt', packages)
  const requirements = {
    what: 'a Ray cluster',
    missing: missing === null ? [] : [missing],
    install: 'apt-get install --no-install-recommends python3-venv, and access to PyPI',
  }
  return { requirements, binDir }
}
