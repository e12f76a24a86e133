import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pythonWith } from '../support/python.ts'
import { oneAtATime } from './one-at-a-time.ts'

const cacheDir = fileURLToPath(new URL('../../.cache', import.meta.url))

/** Programs of packages from PyPI, or what is missing for them. */
export type PythonPrograms = { binDir: string; missing: null } | { binDir: ''; missing: string }

/**
 * Installs packages into a virtual environment once: about a minute with a fast index.
 *
 * @param title - Name with version, such as `Ray 2.60.0`.
 * @param constraints - Name of a file of pinned dependencies in this directory.
 */
export async function pythonPrograms(
  title: string,
  constraints: string,
  packages: readonly string[],
): Promise<PythonPrograms> {
  const pinned = { constraints: fileURLToPath(new URL(constraints, import.meta.url)), packages }
  try {
    const python = await oneAtATime(title, () => pythonWith(join(cacheDir, 'python'), pinned))
    if (python === '') return { binDir: '', missing: 'Python 3.10 or newer with venv and ensurepip' }
    return { binDir: dirname(python), missing: null }
  } catch (error) {
    return { binDir: '', missing: `${title} from PyPI (${outputTail(error)})` }
  }
}

function outputTail(error: unknown): string {
  const { stdout = '', stderr = '', message = '' } = error as { stdout?: string; stderr?: string; message?: string }
  const lines = `${message}\n${stdout}\n${stderr}`.trim().split('\n')
  return lines.slice(-3).join('; ').slice(-500)
}
