import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import type { Found } from '../../../src/providers/observation.ts'
import type { ExecutionContext, ExecutionDeps } from '../../../src/workloads/engine/execution-context.ts'
import { recoverCreated, whetherAbsentCounts } from '../../../src/workloads/engine/recover-created.ts'
import { makeAttempt, makeFacts, makeWorkload } from './make-workload.ts'

const started = makeAttempt().startedAt
const at = (ms: number) => new Date(started.getTime() + ms)
const traits = (more: object = {}) => ({ traits: { ...makeFacts().traits, ...more } }) as Pick<Driver, 'traits'>
const absenceConclusiveAt = at(2000)

describe('a scan without the correlation tag', () => {
  it('proves something only when it began after the attempt had settled', () => {
    const attempt = makeAttempt({ absenceConclusiveAt })
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(1999) }), traits(), 0)).toBe('too_early')
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(2000) }), traits(), 0)).toBe('too_early')
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(2001) }), traits(), 0)).toBe('yes')
  })

  it('counts from the start of the scan, not its end', () => {
    const attempt = makeAttempt({ absenceConclusiveAt })
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(1000) }), traits(), 60_000)).toBe('too_early')
  })

  it('is inconclusive if it ended after the provider deletes ended work', () => {
    const facts = makeFacts({ attempt: makeAttempt({ absenceConclusiveAt }), now: at(299_000) })
    expect(whetherAbsentCounts(facts, traits({ retentionMs: 300_000 }), 500)).toBe('yes')
    expect(whetherAbsentCounts(facts, traits({ retentionMs: 300_000 }), 1500)).toBe('too_late')
  })

  it('needs only the list to have caught up where the provider refused the name', () => {
    const error = { code: 'conflict' as const, message: 'exists', retryable: true }
    const attempt = makeAttempt({ absenceConclusiveAt: at(90_000), endedAt: at(100), outcome: 'unknown', error })
    const lagging = traits({ listConsistencyLagMs: 1000, uniqueNames: true })
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(1100) }), lagging, 0)).toBe('too_early')
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(1101) }), lagging, 0)).toBe('yes')
    // Where names may repeat, such an answer does not say that nothing is made.
    const repeating = traits({ listConsistencyLagMs: 1000 })
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(90_000) }), repeating, 0)).toBe('too_early')
    expect(whetherAbsentCounts(makeFacts({ attempt, now: at(90_001) }), repeating, 0)).toBe('yes')
  })

  it('proves nothing without an attempt', () => {
    expect(whetherAbsentCounts(makeFacts({ attempt: null }), traits(), 0)).toBe('too_early')
  })

  it('never proves anything before the attempt has settled, whatever else holds', () => {
    const cases = fc.record({
      nowMs: fc.nat(10_000),
      settledMs: fc.nat(10_000),
      tookMs: fc.nat(10_000),
      retentionMs: fc.nat(20_000),
    })
    fc.assert(
      fc.property(cases, ({ nowMs, settledMs, tookMs, retentionMs }) => {
        const facts = makeFacts({ attempt: makeAttempt({ absenceConclusiveAt: at(settledMs) }), now: at(nowMs) })
        const verdict = whetherAbsentCounts(facts, traits({ retentionMs }), tookMs)
        if (verdict === 'yes') {
          expect(nowMs).toBeGreaterThan(settledMs)
          expect(nowMs + tookMs).toBeLessThanOrEqual(retentionMs)
        }
      }),
    )
  })
})

describe('an object in a scan', () => {
  const workload = makeWorkload('job', { correlationTag: 'sy7k2m9qd4' })
  const payload = () => ({})
  const object = (remoteId: string, correlationTag?: string) => ({
    ...{ remoteId, status: 'running' as const, rawState: 'RUNNING', payload },
    ...(correlationTag === undefined ? {} : { correlationTag }),
  })
  const marked = object('5', workload.correlationTag)

  /** What the search makes of it, while other records own these and another create is open or not. */
  async function judged(found: Found<'job'>, { owned = [] as string[], isContested = false } = {}) {
    const deps = {
      find: async () => found,
      ownersOf: async () => ({ owned: new Set(owned), isContested }),
      clock: { now: () => started, monotonicMs: () => 0 },
    } as unknown as ExecutionDeps
    const facts = makeFacts<'job'>({ attempt: makeAttempt({ absenceConclusiveAt }), now: at(2001) })
    const hand = { kind: jobKind, claimed: { workload }, facts, driver: traits() } as unknown as ExecutionContext<'job'>
    return recoverCreated(deps, hand)
  }

  it('with the correlation tag is ours, even with a reused id', async () => {
    const outcome = await judged({ found: [marked], isComplete: true }, { owned: ['5'], isContested: true })
    expect(outcome).toMatchObject({ found: { found: [marked] } })
  })

  it('with the correlation tag is ours, and an untagged one beside it is not', async () => {
    const outcome = await judged({ found: [object('6'), marked], isComplete: true })
    expect(outcome).toMatchObject({ found: { found: [marked] } })
  })

  it('without a correlation tag is ours if it has no other owner', async () => {
    const found = [object('5'), object('6')]
    const outcome = await judged({ found, isComplete: false }, { owned: ['5'] })
    expect(outcome).toMatchObject({ found: { found: [object('6')] } })
  })

  it('of another owner proves that nothing was created only if the scan was complete', async () => {
    const found = [object('5')]
    expect(await judged({ found, isComplete: true }, { owned: ['5'] })).toMatchObject({ found: { absent: true } })
    const partial = await judged({ found, isComplete: false }, { owned: ['5'] })
    expect(partial).toHaveProperty('found.inconclusive')
  })

  it('without a correlation tag may belong to another open create', async () => {
    const outcome = await judged({ found: [object('5')], isComplete: true }, { isContested: true })
    expect(outcome).toHaveProperty('found.inconclusive')
  })
})
