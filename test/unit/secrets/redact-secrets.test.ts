import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { hideInError, makeHide } from '../../../src/secrets/redact-secrets.ts'
import type { Json } from '../../../src/vocabulary/json.ts'

const secret = 'c4n"ary/it\'s+é=='
const hide = makeHide({ DB_PASSWORD: secret, PIN: '7' })

describe('secret that a provider repeats', () => {
  it.each([
    secret,
    JSON.stringify(secret),
    JSON.stringify(JSON.stringify(secret)),
    JSON.stringify(secret).replaceAll('/', '\\/'),
    encodeURIComponent(secret),
    new URLSearchParams({ secret }).toString(),
    `export DB_PASSWORD='${secret.replaceAll("'", "'\\''")}'\n`,
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
  ])('is hidden as %s', (spelling) => {
    const shown = hide.text(`before ${spelling} after`)
    expect(shown).toContain('[redacted]')
    expect(shown).not.toContain(spelling)
    expect(shown).toMatch(/^before .* ?after$/s)
  })

  it('is hidden anywhere in a payload, including field names', () => {
    const payload = { a: [{ b: `x${secret}y` }], [secret]: 1, c: { env: [{ name: 'PIN', value: '7' }], PIN: 7 } }
    const shown = hide.json(payload) as Record<string, Json>
    expect(JSON.stringify(shown)).not.toContain('c4n')
    expect(shown.c).toEqual({ env: [{ name: 'PIN', value: '[redacted]' }], PIN: '[redacted]' })
  })

  it('is hidden after its name, even if it is short', () => {
    expect(hide.text('run with PIN=7 and OTHER=7')).toBe('run with PIN=[redacted] and OTHER=7')
    expect(hide.text("export PIN='7'; x")).toBe('export PIN=[redacted]; x')
  })

  it('is hidden if the text was truncated within it', () => {
    const long = makeHide({ KEY: 'canary-0123456789-abcdef' })
    for (const text of ['x canary-0123', 'x canary-0123456789… [cut, 5000 characters]', '"x canary-01…"'])
      expect(long.text(text)).not.toContain('canary-0')
  })

  it('does not change other values', () => {
    const payload = { state: 'RUNNING', ids: [1, 2.5, true, null], text: 'nothing … of it' }
    expect(hide.json(payload)).toEqual(payload)
  })

  it('is hidden for any value of at least four characters', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, unit: 'binary' }), fc.string(), fc.string(), (value, before, after) => {
        const shown = makeHide({ X: value }).text(before + value + after)
        fc.pre(!'[redacted]'.includes(value))
        expect(shown.replaceAll('[redacted]', '')).not.toContain(value)
      }),
    )
  })
})

describe('provider error', () => {
  it('keeps its code and loses its secrets, also in its cause', () => {
    const error = new ProviderError('invalid_request', `no: ${secret}`, {
      httpStatus: 400,
      providerCode: secret,
      cause: new Error(secret),
    })
    const shown = hideInError(hide, error)
    expect(shown).toMatchObject({
      code: 'invalid_request',
      httpStatus: 400,
      providerCode: '[redacted]',
      notSent: false,
    })
    expect(`${shown.message} ${shown.stack} ${String(shown.cause)}`).not.toContain('c4n')
  })
})
