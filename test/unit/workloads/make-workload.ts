import type { Kind } from '../../../src/vocabulary/kinds.ts'
import type { Facts } from '../../../src/workloads/kind.ts'
import type { Attempt, Workload } from '../../../src/workloads/workload.ts'

const acceptedAt = new Date('2024-05-01T12:00:00.000Z')

/** A newly accepted workload. */
export function makeWorkload<K extends Kind>(kind: K, more: Partial<Workload<K>> = {}): Workload<K> {
  const ids = {
    job: 'job_01h455vb4pex5vsknk084sn02q',
    environment: 'env_01h455vb4pex5vsknk084sn02q',
  }
  const client = {
    ...{ id: ids[kind], projectId: 'prj_1', kind, provider: 'memory', connectionId: 'conn_1', environmentId: null },
    ...{
      name: 'train',
      labels: {},
      spec: { name: 'train' },
      correlationTag: 'sy7k2m9qd4',
      imported: false,
      keepRemote: false,
      held: false,
    },
    ...{ desired: 'run', generation: 0, specVersion: 1, cancelRequestedAt: null, createdAt: acceptedAt },
  }
  const remote = {
    ...{
      remoteId: null,
      remoteName: null,
      remoteIdentity: null,
      rawState: null,
      remotePayload: null,
      observedAt: null,
      missingSince: null,
    },
    ...{ lastActionAt: null, dispatchedAt: null, startedAt: null, endedAt: null, exitCode: null, signal: null },
    ...{ error: null, tasks: null, result: null },
  }
  const engine = {
    ...{ status: 'queued', reason: null, message: null, observedGeneration: 0, appliedSpecVersion: 0, enforcing: null },
    ...{ exclusivityKey: null, dueAt: acceptedAt, nextAttemptAt: null, failures: 0 },
  }
  const row = { version: 1, seq: 1, leaseId: null, active: true, statusChangedAt: acceptedAt, updatedAt: acceptedAt }
  return { ...client, ...remote, ...engine, ...row, ...more } as Workload<K>
}

/** Facts without a blocker. */
export function makeFacts<K extends Kind>(more: Partial<Facts<K>> = {}): Facts<K> {
  return {
    now: acceptedAt,
    traits: { listConsistencyLagMs: 0, maxProcessingMs: 0, uniqueNames: false, enforces: [] },
    actions: [],
    connection: { notBefore: null, pauseReason: null, hasFailed: false, isHeld: false },
    isCreationHeld: false,
    ...{ environment: null, hasLiveJobs: false, needsUpdate: false, rawStatus: null, attempt: null, firstSentAt: null },
    attemptsInDoubt: 0,
    pollIntervals: { quickMs: 100, slowMs: 1000, resendMs: 2000, confirmGoneMs: 500 },
    ...more,
  }
}

export function makeAttempt(more: Partial<Attempt> = {}): Attempt {
  const sendBy = new Date(acceptedAt.getTime() + 500)
  const absenceConclusiveAt = new Date(acceptedAt.getTime() + 2000)
  const open = { before: null, endedAt: null, outcome: null, remoteId: null, error: null }
  return { number: 1, startedAt: acceptedAt, sendBy, absenceConclusiveAt, ...open, ...more }
}
