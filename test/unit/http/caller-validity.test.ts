import type { FastifyRequest } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashOfKey } from '../../../src/access/api-key.ts'
import { makeAuthenticate } from '../../../src/access/authenticate.ts'
import { watchCaller } from '../../../src/http/caller-validity.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'

const key = 'a-key-that-is-revoked-while-its-request-is-open'
const row = { id: 'key_1', projectId: 'prj_1', scopes: [], expiresAt: null, hash: hashOfKey(key) }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An open request with a key whose lookup can be replaced. */
function openRequest() {
  let lookup = async (): Promise<typeof row | null> => row
  let lookupCount = 0
  const authenticate = makeAuthenticate({
    keys: {
      valid: () => {
        lookupCount += 1
        return lookup()
      },
      used: async () => {},
    },
    ...{ verifyToken: null, log: { warn: () => {} } },
    clock: { now: () => new Date(), monotonicMs: () => Date.now() },
  })
  const headers = { authorization: `Bearer ${key}` }
  const request = { headers, ip: '127.0.0.1', id: '1', server: { authenticate } } as unknown as FastifyRequest
  return {
    request,
    authenticate: () => authenticate(request),
    lookupCount: () => lookupCount,
    replaceLookup: (replacement: typeof lookup) => {
      lookup = replacement
    },
  }
}

describe('open request', () => {
  it.each([0, 1, 500, 1999, 2000, 2001, 3000])('ends within 5 s of a revocation %d ms after its start', async (ms) => {
    const { request, authenticate, replaceLookup } = openRequest()
    await authenticate()
    const onRevoked = vi.fn()
    watchCaller(request, onRevoked)
    await vi.advanceTimersByTimeAsync(ms)
    // Another request refreshes the cached key at the last moment.
    await authenticate()
    replaceLookup(async () => null)
    await vi.advanceTimersByTimeAsync(4999)
    expect(onRevoked).toHaveBeenCalledTimes(1)
  })

  it('ends with 1,000 others of its key after few lookups', async () => {
    const { request, authenticate, lookupCount, replaceLookup } = openRequest()
    await authenticate()
    const onRevoked = vi.fn()
    for (let count = 0; count < 1000; count += 1) {
      watchCaller(request, onRevoked)
      await vi.advanceTimersByTimeAsync(2)
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(lookupCount()).toBeLessThanOrEqual(8)
    replaceLookup(async () => null)
    await vi.advanceTimersByTimeAsync(4999)
    expect(onRevoked).toHaveBeenCalledTimes(1000)
    expect(lookupCount()).toBeLessThanOrEqual(12)
  })

  it('continues while the key is valid or cannot be checked', async () => {
    const { request, replaceLookup } = openRequest()
    const onRevoked = vi.fn()
    const stop = watchCaller(request, onRevoked)
    await vi.advanceTimersByTimeAsync(10_000)
    for (const error of [
      new Error('the database is unavailable'),
      new ApiError('unavailable', 'the issuer is unavailable'),
    ]) {
      replaceLookup(() => Promise.reject(error))
      await vi.advanceTimersByTimeAsync(10_000)
    }
    expect(onRevoked).not.toHaveBeenCalled()
    replaceLookup(async () => null)
    stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(onRevoked).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })
})
