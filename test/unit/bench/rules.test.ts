import { describe, expect, it } from 'vitest'
import type { PartResult, Round } from '../../../bench/figures.ts'
import { mediansOf } from '../../../bench/medians.ts'
import { checkRules, failures, type Rule, rules } from '../../../bench/rules.ts'

const resultOf = (...rounds: Round[]): PartResult => ({
  part: 'drain',
  unit: 'job',
  rounds,
  medians: mediansOf(rounds),
})
const long = { isShort: false, hasPeers: false, minutes: 10 }
const rule = (own: Partial<Rule>): Rule => ({ part: 'drain', subject: 'us', figure: 'rate', ...own })

describe('benchmark target', () => {
  it('uses the median of all rounds', () => {
    const result = resultOf({ us: { rate: 100 } }, { us: { rate: 310 } }, { us: { rate: 320 } })
    expect(checkRules([result], long, [rule({ atLeast: 300 })])).toMatchObject([{ value: 310, isMet: true }])
    expect(checkRules([result], long, [rule({ atLeast: 311 })])).toMatchObject([{ value: 310, isMet: false }])
  })

  it('compares with another subject of the same run', () => {
    const result = resultOf({ us: { rate: 30 }, them: { rate: 40 } })
    const [verdict] = checkRules([result], long, [rule({ against: 'them', atLeast: 0.75 })])
    expect(verdict).toMatchObject({ value: 0.75, isMet: true })
  })

  it('does not fail the run if it is missed', () => {
    const verdicts = checkRules([resultOf({ us: { rate: 1 } })], long, [rule({ atLeast: 300 })])
    expect(verdicts).toMatchObject([{ isMet: false }])
    expect(failures(verdicts)).toEqual([])
  })
})

describe('benchmark count', () => {
  it('fails the run if a single round exceeds the limit', () => {
    const result = resultOf({ us: { leases: 16 } }, { us: { leases: 17 } }, { us: { leases: 16 } })
    const verdicts = checkRules([result], long, [rule({ figure: 'leases', atMost: 16, isCount: true })])
    expect(failures(verdicts)).toMatchObject([{ value: 17, isMet: false }])
  })

  it('accepts a count equal to its limit', () => {
    const verdicts = checkRules([resultOf({ us: { creates: 1 } })], long, [
      rule({ figure: 'creates', atMost: 1, isCount: true }),
    ])
    expect(failures(verdicts)).toEqual([])
  })
})

describe('benchmark rules', () => {
  it('throw for a missing or non-numeric figure', () => {
    expect(() => checkRules([resultOf({ us: {} })], long, [rule({ atLeast: 1 })])).toThrow(
      'did not measure "rate" of "us"',
    )
    expect(() => checkRules([resultOf({ us: { rate: Number.NaN } })], long, [rule({ atLeast: 1 })])).toThrow(
      'did not measure',
    )
  })

  it('ignore parts that did not run', () => {
    expect(checkRules([resultOf({ us: { rate: 1 } })], long, [rule({ part: 'accept', atLeast: 1 })])).toEqual([])
  })

  it('never fail a run because of a time or a rate', () => {
    const timed = rules.filter(({ figure }) => /rate|ms$|RSS/.test(figure))
    expect(timed.length).toBeGreaterThan(0)
    expect(timed.filter(({ isCount }) => isCount)).toEqual([])
  })

  it('define either a minimum or a maximum', () => {
    expect(rules.filter(({ atLeast, atMost }) => (atLeast === undefined) === (atMost === undefined))).toEqual([])
  })
})
