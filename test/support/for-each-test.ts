import { afterEach, beforeEach } from 'vitest'

/**
 * Something that is started anew before each test of a file, or of the suite that calls this, and ended after it. The
 * returned object has the properties of the current one, so it is read inside tests only.
 */
export function forEachTest<T extends object>(start: () => Promise<T>, end: (current: T) => unknown): T {
  const current = {} as T
  beforeEach(async () => {
    Object.assign(current, await start())
  })
  afterEach(async () => {
    await end(current)
  })
  return current
}
