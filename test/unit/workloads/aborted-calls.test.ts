import { expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import type { Outcome } from '../../../src/workloads/apply/outcome.ts'
import type { Write } from '../../../src/workloads/apply/writes.repository.ts'
import type { ClaimFacts } from '../../../src/workloads/engine/leases.repository.ts'
import { makeReconcile, type ReconcileDeps } from '../../../src/workloads/engine/reconcile.ts'
import { unobserved } from '../../support/unobserved.ts'
import { makeAttempt, makeFacts, makeWorkload } from './make-workload.ts'

const { now, traits, pollIntervals } = makeFacts<'job'>()
const known: ClaimFacts = {
  ...{ id: 'job_1', now, connectionVersion: 1, connectionFailures: 0, connectionHeld: false, notBefore: null },
  ...{ pauseReason: null, environmentStatus: null, environmentRemoteId: null, environmentDesired: null },
  ...{ firstSentAt: now, attemptsInDoubt: 0, hasLiveJobs: false, attempt: makeAttempt() },
}

/** Result of a reconcile pass whose call fails, during a shutdown or not. */
async function reconcileOnce(operation: 'read' | 'create', { isEnding }: { isEnding: boolean }) {
  const done: string[] = []
  const writes: Write[] = []
  const ignore = () => {}
  const outcome: Outcome<'job'> = { did: 'fail', operation, error: new ProviderError('unavailable', 'cut off') }
  const driver = { traits, states: {}, controls: {} }
  const workload = makeWorkload('job', {
    ...{
      status: operation === 'read' ? 'running' : 'dispatching',
      remoteId: operation === 'read' ? '1' : null,
    },
  })
  const deps = {
    ...{ kinds: { job: jobKind, environment: environmentKind }, pollIntervals, heldProviders: new Set<string>() },
    ...{ notifier: { changed: ignore }, log: { debug: ignore, info: ignore, warn: ignore, error: ignore } },
    observer: unobserved,
    connections: {
      open: async () => ({ provider: 'memory', version: 1, driver: () => driver }),
      failed: async () => void done.push('the connection failed'),
    },
    execute: async ({ facts }: { facts: object }) => ({ workload, facts, outcome }),
    write: async (write: Write) => {
      writes.push(write)
      return { isWritten: true, isDuplicate: false, isDue: false }
    },
    release: async (_: object, delayMs: number) => void done.push(`released, due after ${delayMs}`),
    shutdown: isEnding ? AbortSignal.abort() : new AbortController().signal,
  } as unknown as ReconcileDeps
  const isDue = await makeReconcile(deps)({ claimed: { workload, leaseId: 'l' }, facts: known })
  return { done, isDue, attemptOutcomes: writes.map(({ attemptResult: answer }) => answer?.outcome ?? null) }
}

it('an aborted read does not affect its connection or workload and is due again', async () => {
  expect(await reconcileOnce('read', { isEnding: true })).toEqual({
    done: ['released, due after 0'],
    isDue: false,
    attemptOutcomes: [],
  })
})

it('an aborted create is recorded and does not affect its connection', async () => {
  expect(await reconcileOnce('create', { isEnding: true })).toMatchObject({ done: [], attemptOutcomes: ['unknown'] })
})

it.each(['read', 'create'] as const)(
  'a %s that fails without a shutdown counts as a failure of its connection',
  async (operation) => {
    const { done, attemptOutcomes } = await reconcileOnce(operation, { isEnding: false })
    expect(done).toEqual(['the connection failed'])
    expect(attemptOutcomes).toHaveLength(1)
  },
)
