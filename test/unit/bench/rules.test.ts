import { describe, expect, it } from 'vitest'
import type { PartResult, Round } from '../../../bench/figures.ts'
import { mediansOf } from '../../../bench/medians.ts'
import { failures, judge, type Rule, rules } from '../../../bench/rules.ts'

const resultOf = (...rounds: Round[]): PartResult => ({
  part: 'drain',
  unit: 'job',
  rounds,
  medians: mediansOf(rounds),
})
const long = { isShort: false, hasPeers: false, minutes: 10 }
const rule = (own: Partial<Rule>): Rule => ({ part: 'drain', subject: 'us', figure: 'rate', ...own })

describe('a bar of the bench', () => {
  it('is judged by the median of the rounds', () => {
    const result = resultOf({ us: { rate: 100 } }, { us: { rate: 310 } }, { us: { rate: 320 } })
    expect(judge([result], long, [rule({ atLeast: 300 })])).toMatchObject([{ value: 310, isMet: true }])
    expect(judge([result], long, [rule({ atLeast: 311 })])).toMatchObject([{ value: 310, isMet: false }])
  })

  it('can be a multiple of what another subject has done in the same run', () => {
    const result = resultOf({ us: { rate: 30 }, them: { rate: 40 } })
    const [verdict] = judge([result], long, [rule({ against: 'them', atLeast: 0.75 })])
    expect(verdict).toMatchObject({ value: 0.75, isMet: true })
  })

  it('does not fail the run when it is a time', () => {
    const verdicts = judge([resultOf({ us: { rate: 1 } })], long, [rule({ atLeast: 300 })])
    expect(verdicts).toMatchObject([{ isMet: false }])
    expect(failures(verdicts)).toEqual([])
  })
})

describe('a count of the bench', () => {
  it('fails the run when one round alone breaks it', () => {
    const result = resultOf({ us: { leases: 16 } }, { us: { leases: 17 } }, { us: { leases: 16 } })
    const verdicts = judge([result], long, [rule({ figure: 'leases', atMost: 16, isCount: true })])
    expect(failures(verdicts)).toMatchObject([{ value: 17, isMet: false }])
  })

  it('may be exactly what it is at most', () => {
    const verdicts = judge([resultOf({ us: { creates: 1 } })], long, [
      rule({ figure: 'creates', atMost: 1, isCount: true }),
    ])
    expect(failures(verdicts)).toEqual([])
  })
})

describe('the rules', () => {
  it('are an error where a figure was not measured, or is no number', () => {
    expect(() => judge([resultOf({ us: {} })], long, [rule({ atLeast: 1 })])).toThrow('did not measure "rate" of "us"')
    expect(() => judge([resultOf({ us: { rate: Number.NaN } })], long, [rule({ atLeast: 1 })])).toThrow(
      'did not measure',
    )
  })

  it('of parts that did not run are left out', () => {
    expect(judge([resultOf({ us: { rate: 1 } })], long, [rule({ part: 'accept', atLeast: 1 })])).toEqual([])
  })

  it('never fail a run for a time or a rate', () => {
    const timed = rules.filter(({ figure }) => /rate|ms$|RSS/.test(figure))
    expect(timed.length).toBeGreaterThan(0)
    expect(timed.filter(({ isCount }) => isCount)).toEqual([])
  })

  it('say what is asked, each in one direction', () => {
    expect(rules.filter(({ atLeast, atMost }) => (atLeast === undefined) === (atMost === undefined))).toEqual([])
  })
})
