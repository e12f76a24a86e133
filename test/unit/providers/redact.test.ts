import { describe, expect, it } from 'vitest'
import { excerpt } from '../../../src/providers/kit/json.ts'
import {
  boundedPayload,
  cleanMessage,
  maxPayloadBytes,
  redact,
  redactText,
  sentSecrets,
} from '../../../src/providers/kit/redact.ts'
import type { Json } from '../../../src/vocabulary/json.ts'

interface Proofs {
  signature: string
  digest: string
  token: string
  known: string
  odd: string
}

describe('redact', () => {
  it.each(['password', 'adminPasswd', 'secretKey', 'x-auth-token', 'Authorization', 'sk', 'access_key', 'keyPair'])(
    'hides the values of %s at any depth',
    (key) => {
      const clean = JSON.stringify(redact({ list: [{ deep: { [key]: 'hush-hush' } }], [key]: { inner: 'hush' } }))
      expect(clean).not.toContain('hush')
    },
  )

  it('keeps values whose key only resembles a secret', () => {
    const value = { hasToken: true, passwordSet: false, tokens: 5, key: 'a', state: 'RUNNING', accessKeyId: null }
    expect(redact(value)).toEqual(value)
  })

  it('hides literals, bearer tokens, URL passwords and private keys inside strings', () => {
    const value =
      'key=LITERAL1 Bearer abcdefghijk https://u:pw@host/x?token=abc&a=1 -----BEGIN RSA PRIVATE KEY-----\nhush'
    const clean = redactText(value, ['LITERAL1'])
    for (const secret of ['LITERAL1', 'abcdefghijk', 'pw@', '=abc', 'hush']) expect(clean).not.toContain(secret)
    expect(clean).toContain('a=1')
  })

  it.each([
    ['the unchanged header', ({ signature }: Proofs) => signature],
    ['JSON with its slashes escaped', ({ signature }: Proofs) => JSON.stringify(signature).replaceAll('/', '\\/')],
    ['JSON with its quotes escaped', ({ odd }: Proofs) => JSON.stringify({ message: odd })],
    ['a query string', ({ signature }: Proofs) => `?s=${encodeURIComponent(signature)}`],
    ['a part of the header', ({ digest }: Proofs) => `your signature ${digest} is not ours`],
    ['a bearer token', ({ token }: Proofs) => `token <${token}> has expired`],
    ['a known secret', ({ known }: Proofs) => `the key ${known} is locked`],
  ])('hides a sent secret that the response repeats as %s', (_form, repeat) => {
    const proofs = {
      signature: 'ab/cd+ef/gh==',
      digest: '0a1b2c3d',
      token: 'opaque.token',
      known: 'AKAK',
      odd: 'p"a\\ss',
    }
    const headers = {
      'content-type': 'application/json',
      'x-ncp-apigw-signature-v2': proofs.signature,
      authorization: `SDK-HMAC-SHA256 Access=AKID, SignedHeaders=host, Signature=${proofs.digest}`,
      cookie: proofs.odd,
      'proxy-authorization': `Bearer ${proofs.token}`,
    }
    const repeated = repeat(proofs)
    expect(cleanMessage(repeated, sentSecrets(headers, ['AKAK']))).toContain('[redacted]')
    for (const filler of [0, 140, 155, 480, 495, 4090]) {
      const message = 'x'.repeat(filler) + repeated
      for (const clean of [
        cleanMessage(message, sentSecrets(headers, ['AKAK'])),
        excerpt(message, sentSecrets(headers, ['AKAK'])),
      ]) {
        // Neither a secret nor the first half of a truncated one.
        for (const secret of Object.values(proofs))
          expect(clean).not.toContain(secret.slice(0, Math.ceil(secret.length / 2)))
      }
    }
  })

  it('marks truncated text with an ellipsis', () => {
    expect(cleanMessage('x'.repeat(500), [])).toBe('x'.repeat(500))
    expect(cleanMessage('x'.repeat(501), [])).toBe(`${'x'.repeat(500)}…`)
    expect(excerpt(`${'x'.repeat(161)}`)).toBe(`"${'x'.repeat(160)}…"`)
  })

  it('does not treat ordinary headers and short tokens as secrets', () => {
    const headers = {
      accept: 'application/json',
      'x-project-id': 'project-1',
      'x-sdk-date': '20240101T000000Z',
      token: 'abc',
    }
    expect(sentSecrets(headers)).toEqual([])
    expect(cleanMessage('project-1 is not yours', sentSecrets(headers))).toBe('project-1 is not yours')
  })

  it('hides the values of secret keys in JSON text', () => {
    const clean = redactText('{"user":"ann","password":"hush \\" hush","accessToken" : "hush","n":1')
    expect(clean).toBe('{"user":"ann","password":"[redacted]","accessToken" : "[redacted]","n":1')
  })

  it('limits the size and depth of a payload', () => {
    const many: Json = Array.from({ length: 5000 }, (_, i) => ({ index: i, word: '\u0001é"'.repeat(10) }))
    expect(Buffer.byteLength(JSON.stringify(boundedPayload(many)))).toBeLessThanOrEqual(maxPayloadBytes)
    expect(boundedPayload(many)).toMatchObject({ cut: true })
    expect(boundedPayload({ log: 'x'.repeat(100_000), id: 'a' })).toMatchObject({ id: 'a' })
    let deep: Json = 'end'
    for (let i = 0; i < 1000; i++) deep = [deep]
    expect(JSON.stringify(boundedPayload(deep))).toContain('too deep')
  })
})
