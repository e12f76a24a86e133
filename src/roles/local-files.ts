import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Keys of an installation that nobody has configured: drawn once, kept readable by their owner alone. */
export interface LocalKeys {
  secretsKey: string
  apiKey: string
}

export async function localKeys(dataDir: string): Promise<LocalKeys> {
  await mkdir(dataDir, { recursive: true })
  return {
    secretsKey: await keep(join(dataDir, 'secrets.key'), () => randomBytes(32).toString('base64')),
    apiKey: await keep(join(dataDir, 'api.key'), () => `sy_${randomBytes(24).toString('base64url')}`),
  }
}

async function keep(path: string, draw: () => string): Promise<string> {
  const drawn = draw()
  try {
    await writeFile(path, drawn, { mode: 0o600, flag: 'wx' })
    return drawn
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    return (await readFile(path, 'utf8')).trim()
  }
}
