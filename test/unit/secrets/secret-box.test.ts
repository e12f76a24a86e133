import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSecretBox } from '../../../src/secrets/secret-box.ts'

const key = () => randomBytes(32).toString('base64')
const [old, current] = [key(), key()]
const secret = { accessKey: 'canary-access', nested: { secretKey: 'canary-é\n"' } }

describe('secret box', () => {
  it('returns the sealed value', () => {
    const box = makeSecretBox(old)
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), (given) => {
        expect(box.open('conn_1', box.seal('conn_1', given))).toEqual({ ...given })
      }),
    )
  })

  it('seals equal values differently and reveals nothing', () => {
    const box = makeSecretBox(old)
    const [one, other] = [box.seal('conn_1', secret), box.seal('conn_1', secret)]
    expect(one).not.toBe(other)
    expect(one + Buffer.from(one.split('.')[4] ?? '', 'base64url').toString('latin1')).not.toContain('canary')
  })

  it('accepts a key as hex, base64 or base64url', () => {
    const bytes = randomBytes(32)
    const sealed = makeSecretBox(bytes.toString('hex')).seal('conn_1', secret)
    for (const encoding of ['base64', 'base64url'] as const)
      expect(makeSecretBox(bytes.toString(encoding)).open('conn_1', sealed)).toEqual(secret)
  })

  it('does not open a value moved to another row', () => {
    const box = makeSecretBox(old)
    expect(() => box.open('conn_2', box.seal('conn_1', secret))).toThrow()
  })

  it('does not open a value with a changed character', () => {
    const box = makeSecretBox(old)
    const sealed = box.seal('conn_1', secret)
    // The last character of a part may contain unused bits.
    const positions = [...sealed]
      .flatMap((each, at) => (each === '.' || sealed[at + 1] === '.' ? [] : [at]))
      .slice(0, -1)
    for (const at of positions) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      expect(() => box.open('conn_1', changed), `at ${at}`).toThrow()
    }
  })

  it('does not open a value with a truncated tag', () => {
    const box = makeSecretBox(old)
    const [version, id, nonce, tag = '', text] = box.seal('conn_1', secret).split('.')
    const short = Buffer.from(tag, 'base64url').subarray(0, 4).toString('base64url')
    expect(() => box.open('conn_1', [version, id, nonce, short, text].join('.'))).toThrow()
  })

  it('seals with the first key and opens with any key', () => {
    const ring = makeSecretBox(`${current}, ${old}`)
    const [byOld, byRing] = [makeSecretBox(old).seal('conn_1', secret), ring.seal('conn_1', secret)]
    expect(ring.open('conn_1', byOld)).toEqual(secret)
    expect(makeSecretBox(current).open('conn_1', byRing)).toEqual(secret)
    expect(() => makeSecretBox(old).open('conn_1', byRing)).toThrow(/Sealed with key [0-9a-f]{8}; SECRETS_KEY has/)
    expect([byRing, byOld].map((sealed) => sealed.startsWith(ring.sealedPrefix))).toEqual([true, false])
  })

  it('reveals neither keys nor values in errors', () => {
    const sealed = makeSecretBox(current).seal('conn_1', secret)
    const errorText = (() => {
      try {
        return String(makeSecretBox(old).open('conn_1', sealed))
      } catch (error) {
        return String((error as Error).stack)
      }
    })()
    for (const hidden of [old, current, 'canary']) expect(errorText).not.toContain(hidden)
  })

  it('digests by the first key and lists the digests by other keys', () => {
    const [before, ring] = [makeSecretBox(old), makeSecretBox(`${current},${old}`)]
    expect(ring.digest('x')).toEqual(ring.digest('x'))
    expect(ring.digest('x').digest).not.toBe(ring.digest('y').digest)
    expect(ring.digest('x').digest).not.toBe(before.digest('x').digest)
    expect(ring.digest('x').byOtherKeys).toEqual([before.digest('x').digest])
  })
})
