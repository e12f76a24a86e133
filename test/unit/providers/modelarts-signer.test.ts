import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  authorizationOf,
  canonicalRequest,
  encodePath,
  encodeQuery,
  type Query,
  sdkDate,
  stringToSign,
} from '../../../src/providers/modelarts/signer.ts'

interface Vector {
  name: string
  ak: string
  sk: string
  request: { method: string; path: string; query: Query; headers: Record<string, string>; body: string }
  canonical_request: string
  string_to_sign: string
  authorization: string
}

/** Computed by the vendor's Node SDK 3.1.211; two are printed in its guide and in the tests of its Go SDK. */
const fixture = new URL('../../providers/fixtures/modelarts-sign-vectors.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(fixture, 'utf8')) as { vectors: Vector[] }

const toSign = ({ request: { method, path, query, headers, body } }: Vector) => ({
  method,
  uri: encodePath(path.slice(1).split('/')),
  query: encodeQuery(query),
  headers,
  body,
})

const keys = { accessKey: 'AKEXAMPLE0000000TEST', secretKey: 'skExampleSecretKey0000000000000000000000' }
const project = '77b6a44cba5143ab91d13ab9a8ff44fd'
const headers = {
  'content-type': 'application/json',
  host: 'modelarts.eu-de.otc.t-systems.com',
  'X-Project-Id': project,
  'X-Sdk-Date': '20240102T030405Z',
}

describe('SDK-HMAC-SHA256', () => {
  it('has test vectors', () => expect(vectors.length).toBeGreaterThanOrEqual(5))

  it.each(vectors)('matches the vendor signature of vector $name', (vector) => {
    const request = toSign(vector)
    expect(canonicalRequest(request)).toBe(vector.canonical_request)
    expect(stringToSign(request)).toBe(vector.string_to_sign)
    expect(authorizationOf(request, { accessKey: vector.ak, secretKey: vector.sk })).toBe(vector.authorization)
  })

  it('signs an encoded path', () => {
    const uri = encodePath([
      'v2',
      project,
      'training-jobs',
      '作业-é(1):a@b+c,d~e',
      'tasks',
      'worker-0',
      'logs',
      'preview',
    ])
    expect(uri).toBe(
      `/v2/${project}/training-jobs/%E4%BD%9C%E4%B8%9A-%C3%A9%281%29%3Aa%40b%2Bc%2Cd~e/tasks/worker-0/logs/preview`,
    )
    expect(authorizationOf({ method: 'GET', uri, query: '', headers, body: '' }, keys)).toContain(
      'Signature=be289403a72244dd720aa89f8f27ddd73956e4f39f0800167fda92d1dadf281e',
    )
  })

  it('encodes a slash within a path segment', () => {
    expect(encodePath(['a/b', 'c'])).toBe('/a%2Fb/c')
  })

  it('signs additional headers', () => {
    const request = {
      method: 'GET',
      uri: '/x',
      query: '',
      headers: { ...headers, 'X-Security-Token': ' tok ' },
      body: '',
    }
    expect(canonicalRequest(request)).toContain('\nx-security-token:tok\n')
    expect(authorizationOf(request, keys)).toContain(
      'SignedHeaders=content-type;host;x-project-id;x-sdk-date;x-security-token,',
    )
  })

  it('formats the date in whole UTC seconds', () => {
    expect(sdkDate(new Date('2024-01-02T04:04:05.999+01:00'))).toBe('20240102T030405Z')
  })
})
