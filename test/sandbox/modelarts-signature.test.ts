import { describe, expect, it } from 'vitest'
import { isSignedBy, readAuthorization, readSdkDate } from '../../src/sandbox/modelarts/signature.ts'
import { type SdkRequest, sdkAuthorization, targetOf } from './modelarts-client.ts'

// Keys and expected values of the signing guide's example, of the Go SDK's unit test, and of runs of the
// official Node signer with throw-away keys.
// official Node signer with throw-away keys.
const projectId = '77b6a44cba5143ab91d13ab9a8ff44fd'
const testKeys = { accessKey: 'AKEXAMPLE0000000TEST', secretKey: 'skExampleSecretKey0000000000000000000000' }
const host = 'modelarts.eu-de.otc.t-systems.com'
const testHeaders = { host, 'X-Project-Id': projectId, 'X-Sdk-Date': '20240102T030405Z' }
const jsonHeaders = { 'content-type': 'application/json', ...testHeaders }

interface Vector {
  name: string
  keys: { accessKey: string; secretKey: string }
  request: SdkRequest
  signature: string
}

const vectors: Vector[] = [
  {
    name: 'the example printed in the guide',
    keys: { accessKey: 'QTWAOYTTINDUT2QVKYUC', secretKey: 'MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc' },
    request: {
      method: 'GET',
      path: `/v1/${projectId}/vpcs`,
      query: [
        ['limit', '2'],
        ['marker', '13551d6b-755d-4757-b956-536f674975c0'],
      ],
      headers: {
        'Content-Type': 'application/json',
        'X-Sdk-Date': '20191115T033655Z',
        host: 'service.region.example.com',
      },
    },
    signature: '7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe',
  },
  {
    name: 'a read without query and body',
    keys: testKeys,
    request: {
      method: 'GET',
      path: `/v1/${projectId}/demanager/instances/DE-7d558ef8-c73d-11ea-964c-0255ac100033`,
      headers: testHeaders,
    },
    signature: '9d9309ec06753616a9a267c953f127be48d467539dfc1583e4c8827d3fb448ed',
  },
  {
    name: 'a query of unsorted, repeated, empty and special values',
    keys: testKeys,
    request: {
      method: 'GET',
      path: `/v1/${projectId}/demanager/instances`,
      query: [
        ['status', 'RUNNING'],
        ['sortby', 'name'],
        ['de_type', 'Notebook'],
        ['order', 'asc'],
        ['limit', '10'],
        ['offset', '0'],
        ['x-key', 'b'],
        ['x-key', 'a'],
        ['x-key', 'A'],
        ['empty', ''],
        ['Zeta', '1'],
        ['search', "a b/c+d*e~f%g&h=i'j(k)!"],
        ['name', 'ноутбук-日本-é-😀'],
      ],
      headers: jsonHeaders,
    },
    signature: '71c79c58bf6434a235e9482e1115180d998bfa6c0850d9cc90e7385662e267e5',
  },
  {
    name: 'a body with letters beyond ASCII',
    keys: testKeys,
    request: {
      method: 'POST',
      path: `/v1/${projectId}/demanager/instances`,
      headers: jsonHeaders,
      body: '{"name":"notebook-d115","description":"Übung – テスト 环境 😀","profile_id":"Multi-Engine 1.0 (python3)-cpu","flavor":"modelarts.vm.cpu.2u","spec":{"storage":{"location":{"path":"/bucket-x/output/"},"type":"obs"},"auto_stop":{"enable":true,"duration":3600}},"workspace":{"id":"0"}}',
    },
    signature: '65f3dbc1d4e3c1369cae28414d971b08da0682d4a450f443dafd84d0f1f328d3',
  },
  {
    name: 'a path that must be encoded',
    keys: testKeys,
    request: {
      method: 'GET',
      path: `/v2/${projectId}/training-jobs/作业-é(1):a@b+c,d~e/tasks/worker-0/logs/preview`,
      headers: jsonHeaders,
    },
    signature: 'be289403a72244dd720aa89f8f27ddd73956e4f39f0800167fda92d1dadf281e',
  },
  {
    name: 'the Go SDK example, which signs only the date',
    keys: { accessKey: 'AccessKey', secretKey: 'SecretKey' },
    request: {
      method: 'GET',
      path: '/path',
      query: [['limit', '1']],
      headers: { 'X-Sdk-Date': '20060102T150405Z' },
    },
    signature: '5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624',
  },
]

function received({ method, path, query, headers, body = '' }: SdkRequest) {
  return {
    method,
    target: targetOf({ path, ...(query && { query }) }),
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    rawBody: Buffer.from(body),
  }
}

function verify({ keys, request, signature }: Vector, changes: Partial<ReturnType<typeof received>> = {}) {
  const signedHeaders = Object.keys(request.headers).map((name) => name.toLowerCase())
  const authorization = { accessKey: keys.accessKey, signedHeaders, signature }
  return isSignedBy(keys.secretKey, { ...received(request), ...changes }, authorization)
}

describe('SDK-HMAC-SHA256 verification', () => {
  it.each(vectors)('accepts $name', (vector) => {
    expect(verify(vector)).toBe(true)
    expect(sdkAuthorization(vector.keys, vector.request)).toContain(`Signature=${vector.signature}`)
  })

  it.each(vectors)('detects a change of $name', (vector) => {
    const { target, headers } = received(vector.request)
    expect(verify(vector, { method: 'PUT' })).toBe(false)
    expect(verify(vector, { target: target.includes('?') ? `${target}1` : `${target}?a=1` })).toBe(false)
    expect(verify(vector, { rawBody: Buffer.from('{} ') })).toBe(false)
    expect(verify(vector, { headers: { ...headers, 'x-sdk-date': '20240102T030406Z' } })).toBe(false)
  })

  it('rejects a missing signed header', () => {
    const [, vector] = vectors
    if (vector === undefined) throw new Error('missing second vector')
    const { host: _, ...rest } = received(vector.request).headers
    expect(verify(vector, { headers: rest })).toBe(false)
  })

  it('uses the hash in x-sdk-content-sha256 instead of the body', () => {
    const headers = { 'X-Sdk-Date': '20240102T030405Z', 'X-Sdk-Content-Sha256': 'UNSIGNED-PAYLOAD' }
    const request = { method: 'POST', path: '/a', headers, body: 'one' }
    const signature = sdkAuthorization(testKeys, request).slice(-64)
    const vector = { name: '', keys: testKeys, request, signature }
    expect(verify(vector)).toBe(true)
    expect(verify(vector, { rawBody: Buffer.from('two') })).toBe(true)
  })

  it.each([
    'SDK-HMAC-SHA256 Credential=AK/20150907//ec2/sdk_request, SignedHeaders=host;x-sdk-date, Signature=aa',
    'V11-HMAC-SHA256 Access=AK, SignedHeaders=x-sdk-date, Signature=aa',
    'Bearer token',
    undefined,
  ])('does not parse %j', (value) => {
    expect(readAuthorization(value)).toBeNull()
  })

  it('parses only valid dates', () => {
    expect(readSdkDate('20240102T030405Z')).toBe(Date.UTC(2024, 0, 2, 3, 4, 5))
    expect(readSdkDate('2024-01-02T03:04:05Z')).toBeNaN()
    expect(readSdkDate(undefined)).toBeNaN()
  })
})
