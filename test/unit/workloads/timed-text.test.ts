import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { withoutSpans } from '../../../src/providers/secret-search.ts'
import { makeHide, nothingToHide } from '../../../src/secrets/redact-secrets.ts'
import { timedText } from '../../../src/workloads/actions/timed-text.ts'
import { cpuMsOf, maxCpuMs } from '../../support/cpu-time.ts'

const hide = makeHide({ KEY: 'begin-of-key\nend-of-key' })
const timed = (text: string) =>
  timedText({ text, lineTimes: text.split('\n').map((_, index) => (index === 9 ? null : `T${index}`)) }, hide)

describe('log text with times', () => {
  it.each([
    ['one\ntwo\n', 'T0 one\nT1 two\nT2 '],
    ['\n', 'T0 \nT1 '],
    [`a begin-of-key\nend-of-key b\nc`, 'T0 a [redacted] b\nT2 c'],
    ['begin-of-key\nend-of-key\nc', 'T0 [redacted]\nT2 c'],
  ])('of %j is %j', (text, expected) => {
    expect(timed(text)).toBe(expected)
  })

  it('has no time after its last line feed, and for lines of the driver', () => {
    const lineTimes = ['T0', null]
    expect(timedText({ text: 'a\n==> b <==\n', lineTimes }, nothingToHide)).toBe('T0 a\n==> b <==\n')
  })

  it('is the text without secrets, with a time at the beginning of each line', () => {
    const span = fc.record({ from: fc.nat(60), length: fc.integer({ min: 1, max: 20 }) })
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 60 })
    fc.assert(
      fc.property(texts, fc.array(span, { maxLength: 4 }), (text, arbitrary) => {
        const spans = arbitrary.flatMap(({ from, length }) =>
          from < text.length ? [{ from, to: Math.min(from + length, text.length) }] : [],
        )
        const lineTimes = text.split('\n').map((_, index) => `<${index}>`)
        const lines = timedText({ text, lineTimes }, { spans: () => spans }).split('\n')
        for (const line of lines) expect(line).toMatch(/^<\d+> [^<]*$/)
        expect(lines.map((line) => line.replace(/^<\d+> /, '')).join('\n')).toBe(withoutSpans(text, spans))
      }),
    )
  })

  it('is made in linear time', () => {
    const text = 'begin-of-key\nend-of-key\n'.repeat(40_000)
    expect(cpuMsOf(() => timed(text))).toBeLessThan(maxCpuMs)
  })
})
