import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import type { Found } from '../../../src/providers/observation.ts'
import type { ExecutionContext, ExecutionDeps } from '../../../src/workloads/engine/execution-context.ts'
import { checkAbsence, recoverCreated } from '../../../src/workloads/engine/recover-created.ts'
import { makeAttempt, makeFacts, makeWorkload } from './make-workload.ts'

const started = makeAttempt().startedAt
const at = (ms: number) => new Date(started.getTime() + ms)
const traits = (more: object = {}) => ({ traits: { ...makeFacts().traits, ...more } }) as Pick<Driver, 'traits'>
const absenceConclusiveAt = at(2000)

describe('absence from a scan', () => {
  it('is conclusive only if the scan began after the attempt settled', () => {
    const attempt = makeAttempt({ absenceConclusiveAt })
    expect(checkAbsence(makeFacts({ attempt, now: at(1999) }), traits(), 0)).toBe('too_early')
    expect(checkAbsence(makeFacts({ attempt, now: at(2000) }), traits(), 0)).toBe('too_early')
    expect(checkAbsence(makeFacts({ attempt, now: at(2001) }), traits(), 0)).toBe('yes')
  })

  it('counts from the start of the scan, not its end', () => {
    const attempt = makeAttempt({ absenceConclusiveAt })
    expect(checkAbsence(makeFacts({ attempt, now: at(1000) }), traits(), 60_000)).toBe('too_early')
  })

  it('is inconclusive if the scan ended after the retention time', () => {
    const facts = makeFacts({ attempt: makeAttempt({ absenceConclusiveAt }), now: at(299_000) })
    expect(checkAbsence(facts, traits({ retentionMs: 300_000 }), 500)).toBe('yes')
    expect(checkAbsence(facts, traits({ retentionMs: 300_000 }), 1500)).toBe('too_late')
  })

  it('is conclusive after the list lag if the name was rejected', () => {
    const error = { code: 'conflict' as const, message: 'exists', retryable: true }
    const attempt = makeAttempt({ absenceConclusiveAt: at(90_000), endedAt: at(100), outcome: 'unknown', error })
    const lagging = traits({ listConsistencyLagMs: 1000, uniqueNames: true })
    expect(checkAbsence(makeFacts({ attempt, now: at(1100) }), lagging, 0)).toBe('too_early')
    expect(checkAbsence(makeFacts({ attempt, now: at(1101) }), lagging, 0)).toBe('yes')
    // If names are not unique, a conflict does not mean that nothing was created.
    const repeating = traits({ listConsistencyLagMs: 1000 })
    expect(checkAbsence(makeFacts({ attempt, now: at(90_000) }), repeating, 0)).toBe('too_early')
    expect(checkAbsence(makeFacts({ attempt, now: at(90_001) }), repeating, 0)).toBe('yes')
  })

  it('is inconclusive without an attempt', () => {
    expect(checkAbsence(makeFacts({ attempt: null }), traits(), 0)).toBe('too_early')
  })

  it('is never conclusive before the attempt settled or after the retention time', () => {
    const cases = fc.record({
      nowMs: fc.nat(10_000),
      settledMs: fc.nat(10_000),
      tookMs: fc.nat(10_000),
      retentionMs: fc.nat(20_000),
    })
    fc.assert(
      fc.property(cases, ({ nowMs, settledMs, tookMs, retentionMs }) => {
        const facts = makeFacts({ attempt: makeAttempt({ absenceConclusiveAt: at(settledMs) }), now: at(nowMs) })
        const result = checkAbsence(facts, traits({ retentionMs }), tookMs)
        if (result === 'yes') {
          expect(nowMs).toBeGreaterThan(settledMs)
          expect(nowMs + tookMs).toBeLessThanOrEqual(retentionMs)
        }
      }),
    )
  })
})

describe('recovery from a scan', () => {
  const workload = makeWorkload('job', { correlationTag: 'sy7k2m9qd4' })
  const payload = () => ({})
  const object = (remoteId: string, correlationTag?: string) => ({
    ...{ remoteId, status: 'running' as const, rawState: 'RUNNING', payload },
    ...(correlationTag === undefined ? {} : { correlationTag }),
  })
  const tagged = object('5', workload.correlationTag)

  /** Result of the search, given ids of other records and whether another create is open. */
  async function recover(found: Found<'job'>, { owned = [] as string[], isContested = false } = {}) {
    const deps = {
      find: async () => found,
      ownersOf: async () => ({ owned: new Set(owned), isContested }),
      clock: { now: () => started, monotonicMs: () => 0 },
    } as unknown as ExecutionDeps
    const facts = makeFacts<'job'>({ attempt: makeAttempt({ absenceConclusiveAt }), now: at(2001) })
    const context = {
      kind: jobKind,
      claimed: { workload },
      facts,
      driver: traits(),
    } as unknown as ExecutionContext<'job'>
    return recoverCreated(deps, context)
  }

  it('adopts a tagged object, even with a reused id', async () => {
    const outcome = await recover({ found: [tagged], isComplete: true }, { owned: ['5'], isContested: true })
    expect(outcome).toMatchObject({ found: { found: [tagged] } })
  })

  it('adopts a tagged object instead of an untagged one', async () => {
    const outcome = await recover({ found: [object('6'), tagged], isComplete: true })
    expect(outcome).toMatchObject({ found: { found: [tagged] } })
  })

  it('adopts an untagged object without another owner', async () => {
    const found = [object('5'), object('6')]
    const outcome = await recover({ found, isComplete: false }, { owned: ['5'] })
    expect(outcome).toMatchObject({ found: { found: [object('6')] } })
  })

  it('concludes absence from objects of other owners only in a complete scan', async () => {
    const found = [object('5')]
    expect(await recover({ found, isComplete: true }, { owned: ['5'] })).toMatchObject({ found: { absent: true } })
    const partial = await recover({ found, isComplete: false }, { owned: ['5'] })
    expect(partial).toHaveProperty('found.inconclusive')
  })

  it('is inconclusive for an untagged object with another create open', async () => {
    const outcome = await recover({ found: [object('5')], isComplete: true }, { isContested: true })
    expect(outcome).toHaveProperty('found.inconclusive')
  })
})
