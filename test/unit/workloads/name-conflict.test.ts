import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import type { Found } from '../../../src/providers/observation.ts'
import { applyOutcome } from '../../../src/workloads/apply/apply-outcome.ts'
import type { Facts } from '../../../src/workloads/kind.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeAttempt, makeFacts, makeWorkload } from './make-workload.ts'

const error = { code: 'conflict' as const, message: 'exists', retryable: true }
const attempt = makeAttempt({ outcome: 'unknown', error, endedAt: makeFacts().now })
const nameTaken = { absent: true, nameIsTaken: true } as const
const traits = { ...makeFacts<'environment'>().traits, listConsistencyLagMs: 30_000, uniqueNames: true }

interface Case {
  facts?: Partial<Facts<'environment'>>
  found?: Found<'environment'>
  workload?: Partial<Workload<'environment'>>
}

/** Result of one search for an environment whose create just failed with a name conflict. */
function search({ facts = {}, found = nameTaken, workload = {} }: Case = {}) {
  return applyOutcome(
    environmentKind,
    makeWorkload('environment', { status: 'dispatching', reason: 'outcome_unknown', ...workload }),
    makeFacts<'environment'>({ attempt, attemptsInDoubt: 1, traits, ...facts }),
    { did: 'find', found, absenceConclusive: 'too_early' },
  )
}

describe('name conflict of the only create', () => {
  it('is final after one search that finds the owner of the name', () => {
    expect(search()).toMatchObject({
      change: { status: 'failed', reason: 'provider_refused', message: 'exists', error },
      attemptResult: { number: 1, outcome: 'rejected', remoteId: null },
    })
  })

  it('ends an environment that was canceled in the meantime', () => {
    expect(search({ workload: { desired: 'delete' } })).toMatchObject({ change: { status: 'deleted' } })
  })

  it('is resolved if the search finds the correlation tag', () => {
    const seen = {
      remoteId: '5',
      status: 'running' as const,
      rawState: 'enabled',
      correlationTag: 'sy7k2m9qd4',
      payload: () => ({}),
    }
    expect(search({ found: { found: [seen], isComplete: true } })).toMatchObject({ change: { remoteId: '5' } })
  })

  it.each<[string, Case]>([
    ['the list may lag behind', { found: { absent: true } }],
    ['the list was incomplete', { found: { inconclusive: 'half' } }],
    ['an earlier attempt is in doubt', { facts: { attemptsInDoubt: 2 } }],
    ['names are not unique', { facts: { traits: { ...traits, uniqueNames: false } } }],
    ['the error was a timeout', { facts: { attempt: { ...attempt, error: { ...error, code: 'timeout' } } } }],
    ['no response was recorded', { facts: { attempt: makeAttempt() } }],
  ])('stays open if %s', (_, searchCase) => {
    expect(search(searchCase)).toMatchObject({ change: { reason: 'outcome_unknown' }, attemptResult: null })
    expect(search(searchCase).change).not.toHaveProperty('status')
  })
})
