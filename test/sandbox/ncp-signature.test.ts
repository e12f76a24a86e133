import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifySignature } from '../../src/sandbox/vendors/ncp.ts'
import { startDataforest } from './dataforest-sandbox.ts'
import { post, sign } from './ncp-client.ts'

const keys = { accessKey: 'EXAMPLEACCESSKEY0001', secretKey: 'exampleSecretKeyForUnitTestsOnly00000001' }
const sentAt = 1_700_000_000_000

function verify(request: string, signature: string, timestamp = String(sentAt)) {
  const [method = '', target = ''] = request.split(' ')
  const headers = {
    'x-ncp-apigw-timestamp': timestamp,
    'x-ncp-iam-access-key': keys.accessKey,
    'x-ncp-apigw-signature-v2': signature,
  }
  return verifySignature({ method, target, headers, wallClockMs: sentAt }, [keys])
}

describe('NCP signature v2 verification', () => {
  it.each([
    ['POST /api/v2/aiapps/submit', 'DlX31EfmIpjiSxaiQ/d2smF9XfbbTkWeWYDikAz8N9E='],
    ['POST /api/v2/aiworkspaces/create', 'kLk3B2qodceXFvCqgxhHO4zyMnjnqdj+jTbMxQ3v4HE='],
    ['GET /api/v1/services', 'g4wTYomzb7maPd5EmOLZxiVtm9G3j1LgmG6D2dH8mng='],
  ])('accepts the documented vector of %s', (request, signature) => {
    expect(verify(request, signature)).toBe(keys)
    const [method = '', target = ''] = request.split(' ')
    expect(sign(keys, { method, target, timestamp: String(sentAt) })).toBe(signature)
  })

  it('includes the query as sent', () => {
    const target = '/api/v1/services?offset=0&limit=10'
    expect(verify(`GET ${target}`, sign(keys, { method: 'GET', target, timestamp: String(sentAt) }))).toBe(keys)
  })

  it.each([
    ['with a trailing line feed', 'GET /api/v1/services', 'a7mN3+6LV6oE/NXOe1wgcorK4eK0CsuT8tVhxNLIQPQ='],
    ['without the query', 'GET /api/v1/services?offset=0&limit=10', 'g4wTYomzb7maPd5EmOLZxiVtm9G3j1LgmG6D2dH8mng='],
    ['without the path prefix', 'GET /api/v1/services', 'Dy0oSMMWJ6SLZ1V7+7gu8qqLTyKqhp8BEabSx+EDbOY='],
    [
      'with a reordered query',
      'GET /api/v1/services?offset=0&limit=10',
      '/nSlbxFqkuG/gJbO+dOevOKy1O5FC72QmJVdUY68tsg=',
    ],
    ['for another method', 'GET /api/v2/aiapps/submit', 'DlX31EfmIpjiSxaiQ/d2smF9XfbbTkWeWYDikAz8N9E='],
    ['without a value', 'GET /api/v1/services', ''],
  ])('rejects a signature %s', (_name, request, signature) => {
    expect(verify(request, signature)).toBeNull()
  })

  it('rejects a signed timestamp in seconds', () => {
    expect(verify('GET /api/v1/services', 'Y0JSt/Ujml/YGKjgCeOofk02vMkZAqiwPjGOvqFPDKw=', '1700000000')).toBeNull()
  })
})

describe('Data Forest sandbox gateway', () => {
  let forest: Awaited<ReturnType<typeof startDataforest>>
  beforeAll(async () => {
    forest = await startDataforest()
  })
  afterAll(() => forest.sandbox.close())

  const authenticationFailed = { error: { errorCode: '200', message: 'Authentication Failed' } }

  it.each([-299_999, 299_999])('accepts a clock skew of %i ms', async (offsetMs) => {
    const now = () => forest.time.ms + offsetMs
    const reply = await post({ ...forest.caller, now }, '/api/v2/accounts/getList', {})
    expect(reply.status).toBe(200)
  })

  it.each([-300_000, 300_000])('rejects a clock skew of %i ms', async (offsetMs) => {
    const now = () => forest.time.ms + offsetMs
    const reply = await post({ ...forest.caller, now }, '/api/v2/accounts/getList', {})
    expect(reply).toMatchObject({ status: 401, json: authenticationFailed })
  })

  it.each([
    ['a wrong secret', { secretKey: 'not-the-secret' }],
    ['an unknown access key', { accessKey: 'UNKNOWN' }],
  ])('rejects %s', async (_name, wrong) => {
    const reply = await post({ ...forest.caller, ...wrong }, '/api/v2/accounts/getList', {})
    expect(reply).toMatchObject({ status: 401, json: authenticationFailed })
  })

  it.each(['x-ncp-apigw-timestamp', 'x-ncp-iam-access-key', 'x-ncp-apigw-signature-v2'])(
    'rejects a request without %s',
    async (header) => {
      const reply = await forest.call('accounts/getList', {}, { [header]: '' })
      expect(reply).toMatchObject({ status: 401, json: authenticationFailed })
    },
  )

  it('verifies the signature of the target as sent, including escapes', async () => {
    const target = '/api/v2/accounts/getList?note=a%20b'
    expect((await post(forest.caller, target, {})).status).toBe(200)
    const timestamp = String(forest.time.ms)
    const decoded = sign(forest.caller, { method: 'POST', target: decodeURIComponent(target), timestamp })
    const reply = await post(forest.caller, target, {}, { 'x-ncp-apigw-signature-v2': decoded })
    expect(reply.status).toBe(401)
  })

  it.each(['/api/v2/aiapps/getLogs', '/api/v2/aiapps/SUBMIT', '/v2/aiapps/submit', '/'])(
    'returns its own 404 for %s',
    async (target) => {
      const reply = await post(forest.caller, target, {})
      expect(reply).toMatchObject({
        status: 404,
        json: { error: { errorCode: '300', message: 'Not Found Exception' } },
      })
    },
  )

  it('returns numeric error codes if configured', async () => {
    forest.sandbox.settings.dataforest.numericErrorCodes = true
    const reply = await post(forest.caller, '/api/v2/nothing', {})
    forest.sandbox.settings.dataforest.numericErrorCodes = false
    expect(reply.json.error.errorCode).toBe(300)
  })
})
