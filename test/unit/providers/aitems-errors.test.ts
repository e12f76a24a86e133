import { describe, expect, it } from 'vitest'
import { failureOf, isNoSuchResource } from '../../../src/providers/aitems/errors.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const clock = makeFixedClock('2024-05-01T12:00:00Z')
const failure = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return failureOf({ status, headers, text }, { clock, secrets: [] }, 'GET /api/v1/services')
}

describe('the errors of AiTEMS', () => {
  it.each([
    [400, 'invalid_request'],
    [401, 'unauthenticated'],
    [403, 'permission_denied'],
    [404, 'not_found'],
  ])('HTTP %i is documented, whatever JSON comes with it or none', (status, code) => {
    for (const body of [{}, { message: 'no' }, { timestamp: 'x', status, error: 'No', path: '/' }, '', ' \n']) {
      expect(failure(status, body)).toMatchObject({ isRejection: true, error: { code, httpStatus: status } })
    }
    for (const body of ['<html>no</html>', 'true', '"no"', '{"message":']) {
      expect(failure(status, body)).toMatchObject({ isRejection: false })
    }
  })

  it.each([
    [302, 'bad_response'],
    [405, 'bad_response'],
    [409, 'conflict'],
    [429, 'rate_limited'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [504, 'timeout'],
  ])('HTTP %i is not documented: %s, and no refusal', (status, code) => {
    expect(failure(status, {})).toMatchObject({ isRejection: false, error: { code } })
  })

  it.each([[200], [201], [204]])('HTTP %i is no error', (status) => {
    for (const body of [{ result: 'ok' }, 'true', '']) expect(failure(status, body)).toBeNull()
  })

  it.each([
    [{ timestamp: 'x', status: 500, error: 'Internal Server Error', message: 'm', path: '/' }],
    [{ errorCode: '100', message: 'm' }],
    [{ status: { code: 400, message: 'm' }, message: 'm' }],
    [{ returnCode: '800', returnMessage: 'm' }],
    [{ message: 'm' }],
  ])('HTTP 200 with %o is an error and tells nothing about what was done', (body) => {
    expect(failure(200, body)).toMatchObject({ isRejection: false, error: { code: 'bad_response', httpStatus: 200 } })
  })

  it('takes no answer for an error because a field of it is called so', () => {
    const service = { serviceId: 'abcdefghijk', status: 'learnable', message: 'hello', error: null }
    expect(failure(200, service)).toBeNull()
    expect(failure(200, { trains: [], error: null })).toBeNull()
  })

  it("reads the gateway's envelope first, also where HTTP says success", () => {
    const envelope = (errorCode: string) => ({ error: { errorCode, message: 'said the gateway' } })
    expect(failure(404, envelope('300'))).toMatchObject({ isRejection: true, error: { code: 'unsupported' } })
    expect(failure(429, envelope('400'))).toMatchObject({ isRejection: true, error: { code: 'quota_exceeded' } })
    expect(failure(200, envelope('900'))).toMatchObject({ isRejection: false, error: { code: 'bad_response' } })
  })

  it.each([
    [{ message: '잘못된 요청' }, '잘못된 요청'],
    [{ errorMessage: 'no such name' }, 'no such name'],
    [{ error: { message: 'inside' } }, 'inside'],
    [{ responseError: { returnCode: '1', returnMessage: 'returned' } }, 'returned'],
    [{ status: 400, error: 'Bad Request' }, '"{"status":400,"error":"Bad Request"}"'],
    ['', '(empty)'],
    [{ message: 'Bearer abcdefghijklmnop' }, 'Bearer [redacted]'],
  ])('finds the words in %o', (body, words) => {
    expect(failure(400, body)?.error.message).toBe(`AiTEMS returned HTTP 400 to GET /api/v1/services: ${words}`)
  })

  it("keeps Retry-After, and knows the service's 404 from the gateway's", () => {
    expect(failure(503, {}, { 'retry-after': '7' })?.error.retryAfterMs).toBe(7000)
    expect(isNoSuchResource(failure(404, {})?.error)).toBe(true)
    expect(isNoSuchResource(failure(404, { error: { errorCode: '300', message: 'x' } })?.error)).toBe(false)
    expect(isNoSuchResource(new Error('not_found'))).toBe(false)
  })
})
