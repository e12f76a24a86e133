import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { StartError } from './start-error.ts'

export type LocalFiles = ReturnType<typeof makeLocalFiles>

/** 32 bytes, in hex or base64, as in `SECRETS_KEY`. */
const aSecretsKey = /^([0-9a-fA-F]{64}|[A-Za-z0-9+/_-]{43}=?)$/

/** Files of an unconfigured installation next to its database, readable only by the owner. */
export function makeLocalFiles(dataDir: string) {
  const path = (name: string) => join(dataDir, name)
  const write = (name: string, text: string, flag: 'w' | 'wx') => writeFile(path(name), text, { mode: 0o600, flag })
  const read = async (name: string) => (await readFile(path(name), 'utf8')).trim()

  /** @throws StartError if the file cannot be used or has invalid content */
  async function inFile<T>(name: string, work: () => Promise<T>): Promise<T> {
    try {
      await mkdir(dataDir, { recursive: true })
      return await work()
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const problem = `${path(name)} cannot be read or created (${code}). Correct DATA_DIR`
      throw new StartError(`Switchyard cannot start: ${problem}.`, { cause: error })
    }
  }

  const generateOnce = (name: string, generated: string): Promise<string> =>
    inFile(name, () =>
      write(name, generated, 'wx').then(
        () => generated,
        (error: NodeJS.ErrnoException) => (error.code === 'EEXIST' ? read(name) : Promise.reject(error)),
      ),
    )

  return {
    async secretsKey(): Promise<string> {
      const key = await generateOnce('secrets.key', randomBytes(32).toString('base64'))
      if (aSecretsKey.test(key)) return key
      const problem = `${path('secrets.key')} does not contain a key of 32 bytes. Restore it: data encrypted with it cannot be decrypted otherwise`
      throw new StartError(`Switchyard cannot start: ${problem}.`)
    },
    /** Whether the key is valid is determined by the database. */
    apiKey: () => generateOnce('api.key', `sy_${randomBytes(24).toString('base64url')}`),
    replaceApiKey: (key: string) => inFile('api.key', () => write('api.key', key, 'w')),
  }
}
