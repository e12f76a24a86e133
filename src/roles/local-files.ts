import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

export type LocalFiles = ReturnType<typeof makeLocalFiles>

/** What an installation that nobody has configured keeps beside its database, readable by its owner alone. */
export function makeLocalFiles(dataDir: string) {
  const write = (name: string, text: string, flag: 'w' | 'wx') =>
    writeFile(join(dataDir, name), text, { mode: 0o600, flag })
  const read = async (name: string) => (await readFile(join(dataDir, name), 'utf8')).trim()

  async function drawOnce(name: string, drawn: string): Promise<string> {
    try {
      await mkdir(dataDir, { recursive: true })
      return await write(name, drawn, 'wx').then(
        () => drawn,
        (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? read(name) : Promise.reject(error)),
      )
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const problem = `${join(dataDir, name)} can be neither read nor made (${code}). Correct DATA_DIR`
      throw new StartError(`Switchyard cannot start: ${problem}.`, { cause: error })
    }
  }

  return {
    secretsKey: () => drawOnce('secrets.key', randomBytes(32).toString('base64')),
    /** Whether it opens anything is the database's to say. */
    apiKey: () => drawOnce('api.key', `sy_${randomBytes(24).toString('base64url')}`),
    replaceApiKey: (key: string) => write('api.key', key, 'w'),
    /** The sandbox's first port when it ran last; null = none is known. Connections lead to its ports. */
    sandboxPort: () => read('sandbox.port').then(portOf, () => null),
    keepSandboxPort: (port: number) => write('sandbox.port', String(port), 'w'),
  }
}

/** Null for what is no port: a file that was cut off or written by hand. */
function portOf(text: string): number | null {
  const port = Number(text)
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : null
}
