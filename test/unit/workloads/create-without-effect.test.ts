import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { applyOutcome } from '../../../src/workloads/apply/apply-outcome.ts'
import type { Facts } from '../../../src/workloads/kind.ts'
import { makeAttempt, makeFacts, makeWorkload } from './make-workload.ts'

const error = { code: 'outcome_unknown' as const, message: 'no response', retryable: true }
const { now, pollIntervals } = makeFacts()

/** Applies a conclusive absence to an environment with a requested stop whose latest attempt has an unknown outcome. */
function absentAfter(facts: Partial<Facts<'environment'>>) {
  const missingSince = new Date(now.getTime() - pollIntervals.confirmGoneMs)
  const attempt = makeAttempt({ number: facts.attempt?.number ?? 1, outcome: 'unknown', error })
  return applyOutcome(
    environmentKind,
    makeWorkload('environment', {
      ...{ status: 'dispatching', reason: 'outcome_unknown', missingSince, desired: 'stop', generation: 2 },
    }),
    makeFacts<'environment'>({ ...facts, attempt }),
    { did: 'find', found: { absent: true }, absenceConclusive: 'yes' },
  )
}

describe('create without effect', () => {
  it('is retried immediately, regardless of earlier attempts that were never sent', () => {
    const { change } = absentAfter({ attempt: makeAttempt({ number: 12 }), attemptsInDoubt: 1 })
    expect(change).toMatchObject({ status: 'queued', reason: null, nextAttemptAt: null })
    expect(change).not.toHaveProperty('dueAt')
  })

  it.each([
    [3, pollIntervals.slowMs],
    [5, 4 * pollIntervals.slowMs],
    [40, 300_000],
  ])('is retried after a growing delay with %i attempts in doubt', (attemptsInDoubt, waitMs) => {
    const at = new Date(now.getTime() + Math.min(waitMs, 300_000))
    const { change } = absentAfter({ attempt: makeAttempt({ number: attemptsInDoubt }), attemptsInDoubt })
    expect(change).toMatchObject({ status: 'queued', reason: 'outcome_unknown', nextAttemptAt: at, dueAt: at })
  })
})
