import { describe, expect, it } from 'vitest'
import { failureOf, isTokenRejected, tokenFailure } from '../../../src/providers/modelarts/errors.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'

const context = { clock: makeFixedClock(), secrets: ['s3cret-key'] }

function failure(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const found = failureOf({ status, headers, text }, context)
  if (found === null) throw new Error('expected a failure')
  return found
}

const errorBody = (error_code: string, error_msg = 'words') => ({ error_code, error_msg })

describe('ModelArts error mapping', () => {
  it.each([
    ['notebooks and training', { error_code: 'ModelArts.6318', error_msg: 'The path is bad.' }],
    ['demanager, as documented', { error_code: 'ModelArts.6318', error_message: 'The path is bad.' }],
    ['training v1', { is_success: false, error_code: 'ModelArts.6318', error_message: 'The path is bad.' }],
    ['IAM', { error: { code: 'ModelArts.6318', message: 'The path is bad.' } }],
  ])('reads the error format of %s', (_name, body) => {
    const { error, isRejection } = failure(400, body)
    expect(error).toMatchObject({ code: 'invalid_request', providerCode: 'ModelArts.6318', httpStatus: 400 })
    expect(error.message).toBe('ModelArts returned HTTP 400 ModelArts.6318: The path is bad.')
    expect(isRejection).toBe(true)
  })

  it.each([
    [400, 'ModelArts.6301', 'conflict'],
    [400, 'ModelArts.2751', 'conflict'],
    [400, 'ModelArts.6309', 'not_found'],
    [400, 'ModelArts.6404', 'not_found'],
    [400, 'ModelArts.2775', 'not_found'],
    [400, 'ModelArts.6302', 'quota_exceeded'],
    [400, 'ModelArts.2815', 'quota_exceeded'],
    [400, 'ModelArts.6329', 'no_capacity'],
    [400, 'ModelArts.6360', 'no_capacity'],
    [400, 'ModelArts.6379', 'permission_denied'],
    [403, 'ModelArts.2785', 'permission_denied'],
    [400, 'ModelArts.6326', 'permission_denied'],
    [401, 'ModelArts.0202', 'unauthenticated'],
    [403, 'ModelArts.0203', 'unauthenticated'],
    [404, 'ModelArts.2786', 'unauthenticated'],
    [400, 'ModelArts.6401', 'unauthenticated'],
    [429, 'ModelArts.6101', 'rate_limited'],
    [409, 'ModelArts.2796', 'conflict'],
    [401, 'APIG.0301', 'unauthenticated'],
    [401, 'APIGW.0307', 'unauthenticated'],
    [404, 'APIG.0101', 'unsupported'],
    [429, 'APIG.0308', 'rate_limited'],
  ] as const)('maps HTTP %i with %s to the rejection %s', (status, code, meaning) => {
    expect(failure(status, errorBody(code))).toMatchObject({ error: { code: meaning }, isRejection: true })
  })

  it.each([
    [500, errorBody('ModelArts.0010'), 'unavailable'],
    [400, errorBody('ModelArts.6361'), 'unavailable'],
    [408, errorBody('ModelArts.6100'), 'timeout'],
    [504, errorBody('APIG.0201'), 'timeout'],
    [502, errorBody('APIG.0202'), 'unavailable'],
    [500, errorBody('ModelArts.6318'), 'invalid_request'],
    [400, errorBody('ModelArts.9999'), 'invalid_request'],
    [401, 'who are you', 'unauthenticated'],
    [403, '<html>no</html>', 'permission_denied'],
    [503, '', 'unavailable'],
    [302, '', 'bad_response'],
  ] as const)('leaves the outcome of a create open for HTTP %i with %j', (status, body, meaning) => {
    expect(failure(status, body)).toMatchObject({ error: { code: meaning }, isRejection: false })
  })

  it.each(['{"error_code":"ModelArts.63', '<html>no</html>', ''])(
    'maps HTTP 400 without a code to bad_response: %j',
    (body) => {
      const { error, isRejection } = failure(400, body)
      expect([error.code, isRejection]).toEqual(['bad_response', false])
    },
  )

  it('maps HTTP 404 without a known code to bad_response', () => {
    expect(failure(404, '<html>not here</html>').error.code).toBe('bad_response')
    expect(failure(404, errorBody('ModelArts.9404')).error.code).toBe('bad_response')
  })

  it('returns an error for HTTP 200 with an error code', () => {
    const { error, isRejection } = failure(200, { is_success: false, error_code: 'ModelArts.0104', error_msg: 'no' })
    expect([error.code, isRejection]).toEqual(['invalid_request', true])
    expect(failure(200, errorBody('ModelArts.6301')).error.code).toBe('conflict')
  })

  it('returns no error for a failed instance or an empty body', () => {
    const text = JSON.stringify({ id: 'DE-1', status: 'CREATE_FAILED', error_code: 'ModelArts.6360', error_msg: 'x' })
    expect(failureOf({ status: 200, headers: {}, text }, context)).toBeNull()
    expect(failureOf({ status: 200, headers: {}, text: '' }, context)).toBeNull()
  })

  it('keeps Retry-After and adds five minutes for keys that may be locked', () => {
    expect(failure(429, errorBody('ModelArts.2799'), { 'retry-after': '17' }).error.retryAfterMs).toBe(17_000)
    expect(failure(401, errorBody('APIG.0301', 'verify aksk signature fail')).error.retryAfterMs).toBe(300_000)
    expect(failure(401, errorBody('APIG.0301', 'decrypt token fail')).error.retryAfterMs).toBeUndefined()
  })

  it.each([
    [
      401,
      errorBody('APIG.0301', 'Incorrect IAM authentication information: verify aksk signature fail'),
      'credentials.secretKey',
    ],
    [401, errorBody('APIG.0301', 'Get secretKey failed'), 'credentials.accessKey'],
    [401, errorBody('APIG.0301', 'AK access failed to reach the limit,forbidden'), 'credentials.accessKey'],
    [401, errorBody('APIG.0301', 'signature expired'), 'clock'],
    [403, errorBody('ModelArts.0206', 'Invalid AK/SK.'), 'credentials.secretKey'],
    [401, errorBody('APIG.0307'), 'settings.region'],
    [403, errorBody('ModelArts.0210'), 'settings.projectId'],
    [404, errorBody('ModelArts.2786'), 'settings.projectId'],
    [400, errorBody('ModelArts.0102'), 'settings.workspaceId'],
  ])('names the field for HTTP %i with %j: %s', (status, body, field) => {
    expect(failure(status, body).error.field).toBe(field)
  })

  it('removes repeated secrets from the message', () => {
    expect(failure(400, errorBody('ModelArts.0101', 'bad s3cret-key')).error.message).not.toContain('s3cret-key')
    expect(failure(502, 'no s3cret-key here').error.message).not.toContain('s3cret-key')
  })
})

describe('ModelArts token failure', () => {
  it('leads to a new token unless the project is wrong', () => {
    const isReplaced = (status: number, code: string) => isTokenRejected(failure(status, errorBody(code)).error)
    const replaced = [
      'ModelArts.0201',
      'ModelArts.0202',
      'ModelArts.0203',
      'ModelArts.6620',
      'ModelArts.6401',
      'APIG.0307',
    ]
    expect(replaced.every((code) => isReplaced(401, code))).toBe(true)
    expect(isReplaced(404, 'ModelArts.2786')).toBe(false)
    expect(isReplaced(401, 'ModelArts.0212')).toBe(false)
    expect(isReplaced(403, 'ModelArts.0108')).toBe(false)
  })

  it.each([
    [
      401,
      { error: { code: 401, message: 'The username or password is wrong.', title: 'Unauthorized' } },
      'credentials.password',
    ],
    [404, { error: { code: 404, message: 'Could not find domain: ACME' } }, 'credentials.domainName'],
    [400, { error_code: 'IAM.0011', error_msg: 'The project is not valid.' }, 'settings.projectId'],
  ])('names the login field for IAM HTTP %i with %j', (status, body, field) => {
    const error = tokenFailure({ status, headers: {}, text: JSON.stringify(body) }, context)
    expect(error).toMatchObject({ code: 'unauthenticated', field, notSent: true })
  })

  it('is unavailable, not rejected, during an IAM outage', () => {
    const error = tokenFailure({ status: 503, headers: {}, text: '' }, context)
    expect(error).toMatchObject({ code: 'unavailable', notSent: true, field: undefined })
  })
})
