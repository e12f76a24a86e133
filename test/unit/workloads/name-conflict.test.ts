import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import type { Found } from '../../../src/providers/observation.ts'
import { applyOutcome } from '../../../src/workloads/apply/apply-outcome.ts'
import type { Facts } from '../../../src/workloads/kind.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { makeAttempt, makeFacts, makeWorkload } from './make-workload.ts'

const error = { code: 'conflict' as const, message: 'exists', retryable: true }
const attempt = makeAttempt({ outcome: 'unknown', error, endedAt: makeFacts().now })
const taken = { absent: true, nameIsTaken: true } as const
const traits = { ...makeFacts<'environment'>().traits, listConsistencyLagMs: 30_000, uniqueNames: true }

interface Case {
  facts?: Partial<Facts<'environment'>>
  found?: Found<'environment'>
  workload?: Partial<Workload<'environment'>>
}

/** Result of one search for an environment whose create just failed with a name conflict. */
function look({ facts = {}, found = taken, workload = {} }: Case = {}) {
  return applyOutcome(
    environmentKind,
    makeWorkload('environment', { status: 'dispatching', reason: 'outcome_unknown', ...workload }),
    makeFacts<'environment'>({ attempt, attemptsInDoubt: 1, traits, ...facts }),
    { did: 'find', found, absentCounts: 'too_early' },
  )
}

describe('"this name exists" in answer to the only create', () => {
  it('is decided by one search that shows the owner of the name', () => {
    expect(look()).toMatchObject({
      change: { status: 'failed', reason: 'provider_refused', message: 'exists', error },
      answer: { number: 1, outcome: 'rejected', remoteId: null },
    })
  })

  it('ends an environment that was canceled meanwhile', () => {
    expect(look({ workload: { desired: 'delete' } })).toMatchObject({ change: { status: 'deleted' } })
  })

  it('is our own object if the search shows the correlation tag', () => {
    const seen = {
      remoteId: '5',
      status: 'running' as const,
      rawState: 'enabled',
      correlationTag: 'sy7k2m9qd4',
      payload: () => ({}),
    }
    expect(look({ found: { found: [seen], isComplete: true } })).toMatchObject({ change: { remoteId: '5' } })
  })

  it.each<[string, Case]>([
    ['the list does not show whose the name is: it may trail behind', { found: { absent: true } }],
    ['the list was not whole', { found: { inconclusive: 'half' } }],
    ['an earlier attempt is in doubt and may hold the name', { facts: { attemptsInDoubt: 2 } }],
    ['names may repeat', { facts: { traits: { ...traits, uniqueNames: false } } }],
    ['the answer was another one', { facts: { attempt: { ...attempt, error: { ...error, code: 'timeout' } } } }],
    ['no answer was written', { facts: { attempt: makeAttempt() } }],
  ])('is not decided where %s', (_, how) => {
    expect(look(how)).toMatchObject({ change: { reason: 'outcome_unknown' }, answer: null })
    expect(look(how).change).not.toHaveProperty('status')
  })
})
