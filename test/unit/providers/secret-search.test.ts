import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSecretSearch, withoutSpans } from '../../../src/providers/secret-search.ts'
import { cpuMsOf, mostCpuMs } from '../../support/cpu-time.ts'
import { fuzzRuns } from '../../support/fuzz.ts'

function without(text: string, secrets: readonly string[], maxLength?: number): string {
  return withoutSpans(text, makeSecretSearch(secrets)(text), maxLength)
}

/** Each place of each secret, looked for one by one. */
function slowlyWithout(text: string, secrets: readonly string[]): string {
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

describe('secrets in a text', () => {
  it('are hidden wherever they stand, also where they overlap, and nothing else is', () => {
    fc.assert(
      fc.property(fc.array(secret, { maxLength: 5 }), fc.string({ unit: few, maxLength: 60 }), (secrets, body) => {
        // Nothing has been cut off before its end.
        const text = `${body}......`
        expect(without(text, secrets)).toBe(slowlyWithout(text, secrets))
      }),
      { numRuns: 2 * fuzzRuns },
    )
  })

  it('are hidden where the text was cut in the middle of them, once six characters stand there', () => {
    const secrets = ['canary-0123456789', 'canary-01 and more', `padding-${'x'.repeat(4000)}-end`]
    fc.assert(
      fc.property(
        fc.constantFrom(...secrets),
        fc.nat(),
        fc.constantFrom('', '…', '… [cut]'),
        (whole, cutAt, correlationTag) => {
          const part = whole.slice(0, 6 + (cutAt % (whole.length - 6)))
          expect(without(`a ${part}${correlationTag}`, secrets)).toBe(`a [redacted]${correlationTag}`)
        },
      ),
    )
    expect(without('a canar', secrets)).toBe('a canar')
    expect(without('a canary-02', secrets)).toBe('a canary-02')
  })

  it('are not shown by half where only the beginning of a text is wanted', () => {
    fc.assert(
      fc.property(fc.string({ unit: few, maxLength: 40 }), secret, fc.nat(50), (text, value, maxLength) => {
        const whole = without(`${text}${value}......`, [value])
        const head = without(`${text}${value}......`, [value], maxLength)
        expect(whole.startsWith(head) || head.endsWith('[redacted]')).toBe(true)
        expect(head).not.toContain(value)
      }),
    )
  })

  it('of fewer than four characters are left: they stand in too many words', () => {
    expect(without('abc abcd', ['abc', ''])).toBe('abc abcd')
  })
})

describe('the work on a megabyte', { timeout: 60_000 }, () => {
  const megabyte = (piece: string) => piece.repeat(Math.ceil(1_000_000 / piece.length))
  const alike = (length: number) => Array.from({ length: 100 }, (_, index) => `${'v'.repeat(length)}${index}`)
  const nested = Array.from({ length: 100 }, (_, index) => 'a'.repeat(4 + 40 * index))

  it.each([
    ['a hundred long values, all of them repeated', alike(4090), alike(4090).join(' ').repeat(3)],
    ['their common beginning', alike(4090), megabyte('v')],
    ['values that contain each other', nested, megabyte('a')],
    ['many cuts', nested, megabyte('aaaaaaaa…')],
    ['one long value whose end is never reached', [`${'a'.repeat(4095)}b`], megabyte('a')],
  ])('grows with the text alone: %s', (_what, secrets, text) => {
    const search = makeSecretSearch(secrets)
    expect(cpuMsOf(() => search(text))).toBeLessThan(mostCpuMs)
  })

  it('leaves what stands between a hundred long values that are all alike', () => {
    const shown = without(`before ${alike(4090).join(' and ')} after`, alike(4090))
    expect(shown).toBe(`before ${Array(100).fill('[redacted]').join(' and ')} after`)
  })

  it('that would be too much hides the rest', () => {
    expect(without(`first ${megabyte('a')} last`, nested)).toBe('first [redacted]')
  })
})
