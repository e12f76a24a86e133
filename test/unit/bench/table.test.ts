import { describe, expect, it } from 'vitest'
import { median, mediansOf } from '../../../bench/medians.ts'
import { readOptions } from '../../../bench/options.ts'
import { describeResult, describeRuleResults, shown } from '../../../bench/table.ts'

describe('medians', () => {
  it('use the middle value or the mean of the two middle values', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(() => median([])).toThrow('no value')
  })

  it('are computed for each figure of each subject', () => {
    const rounds = [
      { us: { rate: 10, leases: 1 }, them: { rate: 5 } },
      { us: { rate: 30, leases: 3 }, them: { rate: 7 } },
      { us: { rate: 20 }, them: { rate: 6 } },
    ]
    expect(mediansOf(rounds)).toEqual({ us: { rate: 20, leases: 2 }, them: { rate: 6 } })
  })
})

describe('result table', () => {
  it('compares each subject with the first and shows a dash for missing figures', () => {
    const medians = { us: { rate: 200, commits: 1.416 }, them: { rate: 100 } }
    const lines = describeResult({ part: 'drain', unit: 'job', rounds: [medians], medians }).split('\n')
    expect(lines[0]).toContain('medians of 1')
    expect(lines.slice(1)).toEqual([
      'drain  jobs/s  commits   ratio',
      'us        200     1.42  1.00 ×',
      'them      100        –  0.50 ×',
    ])
  })

  it('marks a missed count as a failure, but not a missed target', () => {
    const base = { part: 'drain', subject: 'us', value: 3, isMet: false }
    const text = describeRuleResults([
      { ...base, figure: 'rate', against: 'them', atLeast: 4 },
      { ...base, figure: 'commits', atMost: 2, isCount: true },
      { ...base, figure: 'leases', atMost: 16, isCount: true, isMet: true },
    ])
    expect(text).toMatch(/rate ÷ them +3 +≥ 4 +not met/)
    expect(text).toMatch(/commits +3 +≤ 2 +NOT MET, fails/)
    expect(text).toMatch(/leases +3 +≤ 16 +met/)
  })

  it('shows three significant digits', () => {
    expect([0, 0.061234, 1.416, 99.96, 1526.7, undefined].map(shown)).toEqual([
      '0',
      '0.0612',
      '1.42',
      '100',
      '1527',
      '–',
    ])
  })
})

describe('benchmark options', () => {
  const read = (...args: string[]) =>
    readOptions(args, [{ name: 'accept' }, { name: 'drain' }, { name: 'soak', onRequest: true }])

  it('select all parts by default, or the named ones', () => {
    expect(read()).toMatchObject({ parts: ['accept', 'drain'], rounds: 3, isShort: false })
    expect(read('drain', '--rounds', '5')).toMatchObject({ parts: ['drain'], rounds: 5 })
    expect(read('--short')).toMatchObject({ parts: ['accept', 'drain'], rounds: 1, isShort: true })
  })

  it('select long-running parts only by name', () => {
    expect(read('soak', '--minutes', '3')).toMatchObject({ parts: ['soak'], minutes: 3 })
    expect(read('drain', 'soak')).toMatchObject({ parts: ['drain', 'soak'], minutes: 10 })
  })

  it('reject invalid arguments and show the valid parts or the usage', () => {
    expect(() => read('observe')).toThrow('There is no part "observe"; there are accept, drain, soak. Usage')
    expect(() => read('--rounds', '0')).toThrow('--rounds is "0"')
    expect(() => read('soak', '--minutes', 'ten')).toThrow('--minutes is "ten"')
    expect(() => read('--fast')).toThrow(/--fast.*Usage/)
  })
})
