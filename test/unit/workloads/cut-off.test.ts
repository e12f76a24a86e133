import { expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import type { Outcome } from '../../../src/workloads/apply/outcome.ts'
import type { Write } from '../../../src/workloads/apply/writes.repository.ts'
import type { ClaimFacts } from '../../../src/workloads/engine/leases.repository.ts'
import { makeReconcile, type ReconcileDeps } from '../../../src/workloads/engine/reconcile.ts'
import { makeAttempt, makeFacts, makeWorkload } from './make-workload.ts'

const { now, traits, pollIntervals } = makeFacts<'job'>()
const known: ClaimFacts = {
  ...{ id: 'job_1', now, connectionVersion: 1, connectionFailures: 0, connectionHeld: false, notBefore: null },
  ...{ pauseReason: null, environmentStatus: null, environmentRemoteId: null, environmentDesired: null },
  ...{ firstSentAt: now, attemptsInDoubt: 0, hasLiveJobs: false, attempt: makeAttempt() },
}

/** What a turn does when its call of this operation fails, before or after the process has to end. */
async function turn(operation: 'look' | 'create', { isEnding }: { isEnding: boolean }) {
  const done: string[] = []
  const writes: Write[] = []
  const ignore = () => {}
  const outcome: Outcome<'job'> = { did: 'fail', operation, error: new ProviderError('unavailable', 'cut off') }
  const driver = { traits, states: {}, controls: {} }
  const workload = makeWorkload('job', {
    ...{ status: operation === 'look' ? 'running' : 'dispatching', remoteId: operation === 'look' ? '1' : null },
  })
  const deps = {
    ...{ kinds: { job: jobKind, environment: environmentKind }, pollIntervals, heldProviders: new Set<string>() },
    ...{ wake: { changed: ignore }, log: { debug: ignore, info: ignore, warn: ignore, error: ignore } },
    connections: {
      open: async () => ({ provider: 'memory', version: 1, driver: () => driver }),
      failed: async () => void done.push('the connection failed'),
    },
    perform: async ({ facts }: { facts: object }) => ({ workload, facts, outcome }),
    write: async (write: Write) => {
      writes.push(write)
      return { isWritten: true, isDuplicate: false, isDue: false }
    },
    release: async (_: object, delayMs: number) => void done.push(`released, due after ${delayMs}`),
    shutdown: isEnding ? AbortSignal.abort() : new AbortController().signal,
  } as unknown as ReconcileDeps
  const isDue = await makeReconcile(deps)({ claimed: { workload, leaseId: 'l' }, facts: known })
  return { done, isDue, answers: writes.map(({ answer }) => answer?.outcome ?? null) }
}

it('a look that a stop cuts off says nothing of its connection and its workload, and is due again', async () => {
  expect(await turn('look', { isEnding: true })).toEqual({ done: ['released, due after 0'], isDue: false, answers: [] })
})

it('a create that a stop cuts off is noted, and its connection is not blamed', async () => {
  expect(await turn('create', { isEnding: true })).toMatchObject({ done: [], answers: ['unknown'] })
})

it.each(['look', 'create'] as const)(
  'a %s that fails otherwise counts as a failure of its connection',
  async (what) => {
    const { done, answers } = await turn(what, { isEnding: false })
    expect(done).toEqual(['the connection failed'])
    expect(answers).toHaveLength(1)
  },
)
