import { describe, expect, it } from 'vitest'
import { failureOf } from '../../../src/providers/dataforest/errors.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const clock = makeFixedClock('2024-05-01T12:00:00Z')
const failure = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  failureOf({ status, headers, text: typeof body === 'string' ? body : JSON.stringify(body) }, { clock, secrets: [] })
const gateway = (errorCode: string | number) => ({ error: { errorCode, message: 'gateway message' } })
const service = (message: string) => ({ success: false, message })

describe('Data Forest error mapping', () => {
  it.each([
    [400, '100', 'invalid_request', true],
    [401, 200, 'unauthenticated', true],
    [401, '210', 'permission_denied', true],
    [403, '230', 'permission_denied', true],
    [404, '300', 'unsupported', true],
    [413, '430', 'invalid_request', true],
    [429, '400', 'quota_exceeded', true],
    [429, '410', 'rate_limited', true],
    [429, 420, 'rate_limited', true],
    [500, '900', 'unavailable', false],
    [503, '500', 'unavailable', false],
    [504, '510', 'timeout', false],
    [401, '999', 'unauthenticated', false],
    [200, '900', 'bad_response', false],
  ])('maps gateway HTTP %i with errorCode %s to %s', (status, errorCode, code, isRejection) => {
    const found = failure(status, gateway(errorCode))
    expect(found).toMatchObject({ isRejection, error: { code, httpStatus: status, providerCode: String(errorCode) } })
    expect(found?.error.message).toContain('gateway message')
  })

  it.each([
    [400, 'exceeds a resource quota', 'quota_exceeded', true],
    [400, 'invalid request parameter (name, "Quota"). "^x$"와 일치해야 합니다', 'invalid_request', true],
    [400, '이미 존재하는 이름입니다', 'invalid_request', true],
    [403, 'not allowed to access', 'permission_denied', true],
    [404, 'no such element', 'not_found', true],
    [500, 'unexpected error', 'unavailable', false],
    [200, 'invalid request parameter (docker.image, "x")', 'invalid_request', true],
    [200, 'exceeds a resource quota', 'quota_exceeded', true],
    [200, 'not allowed to access', 'permission_denied', true],
    [200, 'no such element', 'not_found', true],
    [200, 'there is no such element of style', 'invalid_request', false],
    [200, 'something', 'invalid_request', false],
    [409, 'something', 'conflict', false],
  ])('maps service HTTP %i with message %s to %s', (status, message, code, isRejection) => {
    const found = failure(status, service(message))
    expect(found).toMatchObject({ isRejection, error: { code, httpStatus: status } })
    expect(found?.error.message).toContain(message)
  })

  it.each([
    [200, '<html>ok</html>', 'bad_response'],
    [200, '', 'bad_response'],
    [200, { id: 'a' }, 'bad_response'],
    [200, true, 'bad_response'],
    [302, '', 'bad_response'],
    [404, '<html>not found</html>', 'bad_response'],
    [401, '<html>', 'unauthenticated'],
    [502, '<html>', 'unavailable'],
    [504, '<html>', 'timeout'],
  ])('maps HTTP %i with body %s to %s without a rejection', (status, body, code) => {
    expect(failure(status, body)).toMatchObject({ isRejection: false, error: { code } })
  })

  it('returns no error for HTTP 200 with success true', () => {
    expect(failure(200, { success: true, message: 'success', id: 'a' })).toBeNull()
  })

  it('names the clock if the gateway reports a different time', () => {
    const wrongKey = failure(401, gateway('200'), { date: 'Wed, 01 May 2024 12:04:59 GMT' })
    const wrongClock = failure(401, gateway('200'), { date: 'Wed, 01 May 2024 12:05:00 GMT' })
    expect([wrongKey?.error.field, wrongClock?.error.field]).toEqual(['credentials', 'clock'])
  })

  it('names the rejected field', () => {
    const rejected = failure(400, service('invalid request parameter (data.input[1].hdfs, "x"). must match'))
    expect(rejected?.error.parameter).toBe('data.input[1].hdfs')
    expect(failure(400, service('exceeds a resource quota'))?.error.parameter).toBeUndefined()
  })

  it('keeps Retry-After', () => {
    for (const body of [gateway('420'), service('slow'), '<html>slow</html>']) {
      expect(failure(429, body, { 'retry-after': '7' })?.error.retryAfterMs).toBe(7000)
    }
  })
})
