import type { FastifyRequest } from 'fastify'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { hashOfKey } from '../../../src/access/api-key.ts'
import { makeAuthenticate } from '../../../src/access/authenticate.ts'
import { watchCaller } from '../../../src/http/lasting-proof.ts'
import { ApiError } from '../../../src/vocabulary/api-error.ts'

const key = 'a-key-that-is-revoked-while-its-request-is-open'
const row = { id: 'key_1', projectId: 'prj_1', scopes: [], expiresAt: null, hash: hashOfKey(key) }

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

/** An open request of a key, which `revoke` ends; a time that stands still unless it is moved. */
function openRequest() {
  let asked = async (): Promise<typeof row | null> => row
  let questions = 0
  const authenticate = makeAuthenticate({
    keys: {
      valid: () => {
        questions += 1
        return asked()
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
    questions: () => questions,
    becomes: (answer: typeof asked) => {
      asked = answer
    },
  }
}

describe('a request that lasts', () => {
  it.each([0, 1, 500, 1999, 2000, 2001, 3000])('ends within 5 s of a revocation %d ms after its start', async (ms) => {
    const { request, authenticate, becomes } = openRequest()
    await authenticate()
    const shutOut = vi.fn()
    watchCaller(request, shutOut)
    await vi.advanceTimersByTimeAsync(ms)
    // Another request of the same key has it believed anew at the last moment.
    await authenticate()
    becomes(async () => null)
    await vi.advanceTimersByTimeAsync(4999)
    expect(shutOut).toHaveBeenCalledTimes(1)
  })

  it('ends however many others its key has open, and asks no oftener for them', async () => {
    const { request, authenticate, questions, becomes } = openRequest()
    await authenticate()
    const shutOut = vi.fn()
    for (let count = 0; count < 1000; count += 1) {
      watchCaller(request, shutOut)
      await vi.advanceTimersByTimeAsync(2)
    }
    await vi.advanceTimersByTimeAsync(10_000)
    expect(questions()).toBeLessThanOrEqual(8)
    becomes(async () => null)
    await vi.advanceTimersByTimeAsync(4999)
    expect(shutOut).toHaveBeenCalledTimes(1000)
    expect(questions()).toBeLessThanOrEqual(12)
  })

  it('goes on while the key is good, or nobody can tell', async () => {
    const { request, becomes } = openRequest()
    const shutOut = vi.fn()
    const stop = watchCaller(request, shutOut)
    await vi.advanceTimersByTimeAsync(10_000)
    for (const error of [new Error('the database is away'), new ApiError('unavailable', 'the issuer is away')]) {
      becomes(() => Promise.reject(error))
      await vi.advanceTimersByTimeAsync(10_000)
    }
    expect(shutOut).not.toHaveBeenCalled()
    becomes(async () => null)
    stop()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(shutOut).not.toHaveBeenCalled()
    expect(vi.getTimerCount()).toBe(0)
  })
})
