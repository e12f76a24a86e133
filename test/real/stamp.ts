import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fingerprint of the inputs of a generated directory, which is generated again after they change. */
export interface Stamp {
  isOn(directory: string): boolean
  /** Written last: a directory without it is incomplete. */
  put(directory: string): void
}

export function stampOf(...parts: readonly (string | Buffer)[]): Stamp {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  const expected = hash.digest('hex')
  const fileIn = (directory: string) => join(directory, 'installed')
  return {
    isOn(directory) {
      try {
        return readFileSync(fileIn(directory), 'utf8') === expected
      } catch {
        return false
      }
    },
    put(directory) {
      writeFileSync(fileIn(directory), expected)
    },
  }
}
