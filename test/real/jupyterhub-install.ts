import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasProgram, type Requirements } from './requirements.ts'
import { installPackages, pythonVersion } from './virtual-environment.ts'

/** The system's package (3.0 on Debian 12), or a version from PyPI. */
export type HubVersion = 'system package' | '4.1.6' | '5.5.4' | '6.1.1'

/** The programs of a JupyterHub. */
export interface HubPrograms {
  requirements: Requirements
  /** Directory of `jupyterhub` and `jupyterhub-singleuser`; null: on the PATH. */
  binDir: string | null
}

const constraints = fileURLToPath(new URL('jupyterhub-constraints.txt', import.meta.url))
const cacheDir = fileURLToPath(new URL('../../.cache/jupyterhub', import.meta.url))

/** Finds the programs of a version. Versions from PyPI are installed into a virtual environment once. */
export async function hubPrograms(version: HubVersion): Promise<HubPrograms> {
  if (version === 'system package') {
    const missing = missingPrograms('jupyterhub', 'jupyterhub-singleuser', 'configurable-http-proxy')
    return { requirements: requirements(missing), binDir: null }
  }
  const missing = [
    ...(pythonVersion() === '' ? ['python3 with venv and ensurepip'] : []),
    ...missingPrograms('configurable-http-proxy'),
  ]
  if (missing.length > 0) return { requirements: requirements(missing), binDir: null }
  const dir = join(cacheDir, version)
  const packages = [`jupyterhub==${version}`, 'jupyter_server']
  const failure = await installPackages({ title: `JupyterHub ${version}`, dir, packages, constraints })
  return { requirements: requirements(failure === null ? [] : [failure]), binDir: join(dir, 'bin') }
}

function requirements(missing: readonly string[]): Requirements {
  return {
    what: 'a JupyterHub',
    missing,
    install:
      'apt-get install --no-install-recommends jupyterhub node-configurable-http-proxy jupyter-server jupyter-notebook python3-venv, and access to PyPI',
  }
}

const missingPrograms = (...names: readonly string[]) => names.filter((name) => !hasProgram(name))
