import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a directory that is made once was made of: it is made again when that has changed. */
export interface Stamp {
  isOn(directory: string): boolean
  /** The last step: a directory without it is unfinished. */
  put(directory: string): void
}

export function stampOf(...parts: readonly (string | Buffer)[]): Stamp {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  const wanted = hash.digest('hex')
  const fileIn = (directory: string) => join(directory, 'installed')
  return {
    isOn(directory) {
      try {
        return readFileSync(fileIn(directory), 'utf8') === wanted
      } catch {
        return false
      }
    },
    put(directory) {
      writeFileSync(fileIn(directory), wanted)
    },
  }
}
