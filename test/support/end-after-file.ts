import { afterAll } from 'vitest'

/**
 * Ends `made` after the last test of a file. For the services of a whole file, started at its top level; the one started
 * last ends first.
 */
export function endAfterFile<T>(made: T, end: (made: T) => Promise<unknown>): T {
  afterAll(() => end(made))
  return made
}
