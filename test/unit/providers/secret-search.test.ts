import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSecretSearch, withoutSpans } from '../../../src/providers/secret-search.ts'
import { cpuMsOf, maxCpuMs } from '../../support/cpu-time.ts'
import { fuzzRuns } from '../../support/fuzz.ts'

function without(text: string, secrets: readonly string[], maxLength?: number): string {
  return withoutSpans(text, makeSecretSearch(secrets)(text), maxLength)
}

/** Reference implementation: compares every secret at every position. */
function withoutNaively(text: string, secrets: readonly string[]): string {
  const ends = Array.from(text, (_, from) =>
    Math.max(0, ...secrets.filter((each) => text.startsWith(each, from)).map((each) => from + each.length)),
  )
  let shown = ''
  let hiddenTo = 0
  ends.forEach((end, from) => {
    if (end > 0 && from >= hiddenTo) shown += '[redacted]'
    hiddenTo = Math.max(hiddenTo, end)
    if (from >= hiddenTo) shown += text[from]
  })
  return shown
}

const few = fc.constantFrom('a', 'b', 'ab', 'aab', 'é')
const secret = fc.string({ unit: few, minLength: 4, maxLength: 8 })

describe('secret search', () => {
  it('hides all secrets, also overlapping ones, and nothing else', () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 5 }), fc.string({ unit: few, maxLength: 60 }), (secrets, body) => {
        // No secret is truncated at the end of the text.
        const text = `${body}......`
        expect(without(text, secrets)).toBe(withoutNaively(text, secrets))
      }),
      { numRuns: 2 * fuzzRuns },
    )
  })

  it('hides a truncated secret of at least six characters', () => {
    const secrets = ['canary-0123456789', 'canary-01 and more', `padding-${'x'.repeat(4000)}-end`]
    fc.assert(
      fc.property(
        fc.constantFrom(...secrets),
        fc.nat(),
        fc.constantFrom('', '…', '… [cut]'),
        (whole, cutAt, ellipsis) => {
          const part = whole.slice(0, 6 + (cutAt % (whole.length - 6)))
          expect(without(`a ${part}${ellipsis}`, secrets)).toBe(`a [redacted]${ellipsis}`)
        },
      ),
    )
    expect(without('a canar', secrets)).toBe('a canar')
    expect(without('a canary-02', secrets)).toBe('a canary-02')
  })

  it('never shows part of a secret at the length limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: few, maxLength: 40 }), secret, fc.nat(50), (text, value, maxLength) => {
        const whole = without(`${text}${value}......`, [value])
        const head = without(`${text}${value}......`, [value], maxLength)
        expect(whole.startsWith(head) || head.endsWith('[redacted]')).toBe(true)
        expect(head).not.toContain(value)
      }),
    )
  })

  it('ignores secrets of fewer than four characters', () => {
    expect(without('abc abcd', ['abc', ''])).toBe('abc abcd')
  })
})

describe('secret search in a megabyte', { timeout: 60_000 }, () => {
  const megabyte = (piece: string) => piece.repeat(Math.ceil(1_000_000 / piece.length))
  const similarValues = (length: number) => Array.from({ length: 100 }, (_, index) => `${'v'.repeat(length)}${index}`)
  const nested = Array.from({ length: 100 }, (_, index) => 'a'.repeat(4 + 40 * index))

  it.each([
    ['a hundred long values, all repeated', similarValues(4090), similarValues(4090).join(' ').repeat(3)],
    ['a repeated common prefix', similarValues(4090), megabyte('v')],
    ['values that contain each other', nested, megabyte('a')],
    ['many cuts', nested, megabyte('aaaaaaaa…')],
    ['one long value whose end is never reached', [`${'a'.repeat(4095)}b`], megabyte('a')],
  ])('takes bounded CPU time for %s', (_what, secrets, text) => {
    const search = makeSecretSearch(secrets)
    expect(cpuMsOf(() => search(text))).toBeLessThan(maxCpuMs)
  })

  it('keeps the text between a hundred similar values', () => {
    const shown = without(`before ${similarValues(4090).join(' and ')} after`, similarValues(4090))
    expect(shown).toBe(`before ${Array(100).fill('[redacted]').join(' and ')} after`)
  })

  it('hides the rest of the text beyond its work limit', () => {
    expect(without(`first ${megabyte('a')} last`, nested)).toBe('first [redacted]')
  })
})
