import { afterEach, beforeEach } from 'vitest'

/**
 * Starts a service before each test of the calling file or suite, and ends it afterwards. The returned object has the
 * properties of the current service, so it can be used only inside tests.
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
