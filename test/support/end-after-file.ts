import { afterAll } from 'vitest'

/**
 * Ends `service` after the last test of a file. For services that are started at the top level of a file; the last one
 * started ends first.
 */
export function endAfterFile<T>(service: T, end: (service: T) => Promise<unknown>): T {
  afterAll(() => end(service))
  return service
}
