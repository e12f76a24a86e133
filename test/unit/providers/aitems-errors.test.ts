import { describe, expect, it } from 'vitest'
import { failureOf, isNoSuchResource } from '../../../src/providers/aitems/errors.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const clock = makeFixedClock('2024-05-01T12:00:00Z')
const failure = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return failureOf({ status, headers, text }, { clock, secrets: [] }, 'GET /api/v1/services')
}

describe('AiTEMS error mapping', () => {
  it.each([
    [400, 'invalid_request'],
    [401, 'unauthenticated'],
    [403, 'permission_denied'],
    [404, 'not_found'],
  ])('maps HTTP %i to the rejection %s for a JSON object or an empty body', (status, code) => {
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
  ])('maps undocumented HTTP %i to %s without a rejection', (status, code) => {
    expect(failure(status, {})).toMatchObject({ isRejection: false, error: { code } })
  })

  it.each([[200], [201], [204]])('returns no error for HTTP %i', (status) => {
    for (const body of [{ result: 'ok' }, 'true', '']) expect(failure(status, body)).toBeNull()
  })

  it.each([
    [{ timestamp: 'x', status: 500, error: 'Internal Server Error', message: 'm', path: '/' }],
    [{ errorCode: '100', message: 'm' }],
    [{ status: { code: 400, message: 'm' }, message: 'm' }],
    [{ returnCode: '800', returnMessage: 'm' }],
    [{ message: 'm' }],
  ])('maps HTTP 200 with %o to bad_response without a rejection', (body) => {
    expect(failure(200, body)).toMatchObject({ isRejection: false, error: { code: 'bad_response', httpStatus: 200 } })
  })

  it('ignores error-like fields of a successful response', () => {
    const service = { serviceId: 'abcdefghijk', status: 'learnable', message: 'hello', error: null }
    expect(failure(200, service)).toBeNull()
    expect(failure(200, { trains: [], error: null })).toBeNull()
  })

  it('reads the gateway envelope first, also with HTTP 200', () => {
    const envelope = (errorCode: string) => ({ error: { errorCode, message: 'gateway message' } })
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
  ])('includes the provider message of %o', (body, message) => {
    expect(failure(400, body)?.error.message).toBe(`AiTEMS returned HTTP 400 to GET /api/v1/services: ${message}`)
  })

  it('keeps Retry-After and distinguishes the 404s of service and gateway', () => {
    expect(failure(503, {}, { 'retry-after': '7' })?.error.retryAfterMs).toBe(7000)
    expect(isNoSuchResource(failure(404, {})?.error)).toBe(true)
    expect(isNoSuchResource(failure(404, { error: { errorCode: '300', message: 'x' } })?.error)).toBe(false)
    expect(isNoSuchResource(new Error('not_found'))).toBe(false)
  })
})
