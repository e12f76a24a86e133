import { pythonPrograms } from './python-programs.ts'
import { hasProgram, type Requirements } from './requirements.ts'

/** The system's package (3.0 on Debian 12), or a version from PyPI. */
export type HubVersion = 'system package' | '4.1.6' | '5.5.4' | '6.1.1'

/** The programs of a JupyterHub. */
export interface HubPrograms {
  requirements: Requirements
  /** Directory of `jupyterhub` and `jupyterhub-singleuser`; null: on the PATH. */
  binDir: string | null
}

/** Finds the programs of a version. Versions from PyPI are installed into a virtual environment once. */
export async function hubPrograms(version: HubVersion): Promise<HubPrograms> {
  if (version === 'system package') {
    const missing = missingPrograms('jupyterhub', 'jupyterhub-singleuser', 'configurable-http-proxy')
    return { requirements: requirements(missing), binDir: null }
  }
  const missing = missingPrograms('configurable-http-proxy')
  if (missing.length > 0) return { requirements: requirements(missing), binDir: null }
  const packages = [`jupyterhub==${version}`, 'jupyter_server']
  const python = await pythonPrograms(`JupyterHub ${version}`, 'jupyterhub-constraints.txt', packages)
  return { requirements: requirements(python.missing === null ? [] : [python.missing]), binDir: python.binDir }
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
