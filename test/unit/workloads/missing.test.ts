import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import type { Observation } from '../../../src/providers/observation.ts'
import { ProviderError } from '../../../src/providers/provider-error.ts'
import { applyOutcome } from '../../../src/workloads/apply/apply-outcome.ts'
import type { Write } from '../../../src/workloads/apply/writes.repository.ts'
import type { Facts } from '../../../src/workloads/kind.ts'
import type { SweepDeps } from '../../../src/workloads/sweep/deps.ts'
import { makeSweep } from '../../../src/workloads/sweep/sweep.ts'
import type { ClaimedSweep } from '../../../src/workloads/sweep/sweeps.repository.ts'
import type { Workload } from '../../../src/workloads/workload.ts'
import { unobserved } from '../../support/unobserved.ts'
import { makeFacts, makeWorkload } from './make-workload.ts'

const start = makeFacts().now
const at = (ms: number) => new Date(start.getTime() + ms)
const { pollIntervals } = makeFacts()
const gone = { did: 'get', seen: 'gone' } as const

describe('missing object', () => {
  const running = makeWorkload('job', { status: 'running', remoteId: '5', rawState: 'RUNNING' })
  const readAgain = (job: Workload<'job'>, ms: number) =>
    ({ ...job, ...applyOutcome(jobKind, job, makeFacts<'job'>({ now: at(ms) }), gone).change }) as Workload<'job'>

  it('is read individually, since a list alone is not conclusive', () => {
    const unlisted = { ...running, missingSince: start }
    const later = at(pollIntervals.confirmGoneMs * 10)
    expect(jobKind.nextStep(unlisted, makeFacts({ now: start }))).toEqual({ do: 'get' })
    expect(readAgain(unlisted, pollIntervals.confirmGoneMs * 10)).toMatchObject({
      status: 'running',
      missingSince: later,
    })
  })

  it('is gone after two reads', () => {
    const missing = readAgain(running, 0)
    expect(missing).toMatchObject({ status: 'running', reason: 'remote_not_found', missingSince: start })
    const until = at(pollIntervals.confirmGoneMs)
    expect(missing.dueAt).toEqual(until)
    expect(jobKind.nextStep(missing, makeFacts({ now: start }))).toEqual({ do: 'wait', until })
    expect(readAgain(missing, pollIntervals.confirmGoneMs - 1)).toMatchObject({ status: 'running' })
    expect(readAgain(missing, pollIntervals.confirmGoneMs)).toMatchObject({
      status: 'unknown',
      reason: 'remote_record_lost',
    })
  })
})

describe('missing environment during its deletion', () => {
  const deleting = makeWorkload('environment', {
    ...{ status: 'deleting', desired: 'delete', remoteId: 'a/b', rawState: 'ready', lastActionAt: start },
    generation: 2,
  })
  const reused = {
    ...makeFacts<'environment'>().traits,
    reusesIds: true as const,
    maxProcessingMs: 3000,
    listConsistencyLagMs: 200,
  }
  type Given = Partial<Facts<'environment'>>
  const readAgain = (environment: Workload<'environment'>, more: Given) => {
    const facts = makeFacts<'environment'>({ actions: ['start', 'delete'], ...more })
    return { ...environment, ...applyOutcome(environmentKind, environment, facts, gone).change } as typeof environment
  }

  it('is deleted immediately if no start can recreate it', () => {
    expect(readAgain(deleting, { now: at(1) })).toMatchObject({ status: 'deleted', reason: null })
    expect(readAgain(deleting, { now: at(1), traits: reused, actions: ['delete'] })).toMatchObject({
      status: 'deleted',
    })
    const neverStarted = { ...deleting, generation: 1 }
    expect(readAgain(neverStarted, { now: at(1), traits: reused })).toMatchObject({ status: 'deleted' })
  })

  it('is deleted only when a pending start can no longer recreate it', () => {
    const doubted = readAgain(deleting, { now: at(100), traits: reused })
    expect(doubted).toMatchObject({ status: 'deleting', reason: null, dueAt: at(3300) })
    expect(readAgain(doubted, { now: at(3299), traits: reused })).toMatchObject({ status: 'deleting' })
    expect(readAgain(doubted, { now: at(3300), traits: reused })).toMatchObject({ status: 'deleted' })
  })

  it('is deleted after a wait from the delete, regardless of earlier absence', () => {
    const missing = { ...deleting, missingSince: at(-10_000) }
    expect(readAgain(missing, { now: at(3199), traits: reused })).toMatchObject({ status: 'deleting' })
    expect(readAgain(missing, { now: at(3200), traits: reused })).toMatchObject({ status: 'deleted' })
  })
})

describe('sweep', () => {
  const jobs = Array.from({ length: 30 }, (_, index) =>
    makeWorkload('job', {
      ...{
        id: `job_${index}`,
        correlationTag: `tag${index}`,
        status: 'running',
        remoteId: `${index}`,
        rawState: 'RUNNING',
      },
      ...{ startedAt: start, observedAt: at(-index) },
    }),
  )

  type ListedObjects = readonly Partial<Observation<'job'>>[]
  const pageOf = (seen: ListedObjects, next: string | null = null) => ({
    seen: seen.map((each) => ({ status: 'running', rawState: 'RUNNING', payload: () => ({}), ...each })),
    next,
  })

  interface SweepOptions {
    maxWatched?: number
    listConsistencyLagMs?: number
    graceMs?: number
    unheld?: SweepDeps['unheld']
  }

  /** Writes and alerts of a scan that shows these objects. */
  async function sweep(
    active: readonly Workload<'job'>[],
    list: ListedObjects | (() => Promise<object>),
    { maxWatched = 100, listConsistencyLagMs = 0, graceMs = 0, ...more }: SweepOptions = {},
  ) {
    const warnings: string[] = []
    const warn = (_: object, message: string) => warnings.push(message)
    const writes: Write[] = []
    const alarms: string[] = []
    const ignore = () => {}
    const driver = {
      list: typeof list === 'function' ? list : async () => pageOf(list),
      traits: { ...makeFacts().traits, listConsistencyLagMs },
      states: {},
      controls: {},
      tagLength: 12,
    }
    const deps = {
      kinds: { job: jobKind, environment: environmentKind },
      connections: { open: async () => ({ driver: () => driver }), failed: async () => {} },
      repository: {
        watched: async () => active.slice(0, maxWatched),
        unwatched: async (_connection: string, _kind: string, last: { id: string }, limit: number) =>
          active.slice(active.findIndex(({ id }) => id === last.id) + 1).slice(0, limit),
        unchanged: async (some: readonly { id: string }[]) =>
          active
            .filter((job) => some.some(({ id }) => id === job.id))
            .map((workload) => ({ workload, row: 'as read' })),
        finish: async () => {},
      },
      secretsOfAll: async () => () => ({ hide: { text: (text: string) => text, json: (json: unknown) => json } }),
      write: async (write: Write) => {
        writes.push(write)
        return { isWritten: true }
      },
      notifier: { changed: ignore },
      observer: unobserved,
      log: { debug: ignore, info: ignore, warn, error: (_: object, message: string) => alarms.push(message) },
      unheld: async (_list: object, objects: readonly object[]) => objects,
      budget: { take: () => 0 },
      ...{ pollIntervals, installationTag: 'mem', shutdown: new AbortController().signal },
      bounds: { minMs: 1, maxMs: 2, callTimeoutMs: 1000, maxPages: 1, maxWatched, graceMs },
      ...more,
    } as unknown as SweepDeps
    const claimed = { kind: 'job', startedAt: start, notBefore: null, isHeld: false, lastMs: 0 } as ClaimedSweep
    await makeSweep(deps)(claimed)
    return { writes, alarms, warnings }
  }

  it('compares orphans with records that ended within the lag and the grace period', async () => {
    const since: Date[] = []
    const unheld: SweepDeps['unheld'] = async (_list, objects, from) => {
      since.push(from)
      return objects
    }
    const { warnings } = await sweep(jobs.slice(0, 1), [{ remoteId: '99', correlationTag: 'memstray12345' }], {
      ...{ unheld, listConsistencyLagMs: 200, graceMs: 50 },
    })
    expect(since).toEqual([at(-250)])
    expect(warnings).toEqual(['orphaned remote objects found; see GET /connections/{id}/orphans'])
  })

  it('reads a single absent object without an alert', async () => {
    const [absent, ...rest] = jobs
    const { writes, alarms } = await sweep(
      jobs,
      rest.map(({ remoteId }) => ({ remoteId: remoteId ?? '' })),
    )
    expect(alarms).toEqual([])
    expect(writes).toMatchObject([
      { id: absent?.id, isVisible: false, event: null, state: { status: 'running', dueAt: start } },
    ])
  })

  it('alerts about many absent objects and reads the 20 least recently observed', async () => {
    const { writes, alarms } = await sweep(jobs, [])
    expect(alarms).toHaveLength(1)
    expect(writes.map(({ id }) => id).sort()).toEqual(
      jobs
        .slice(-20)
        .map(({ id }) => id)
        .sort(),
    )
    expect(writes.every(({ isVisible, event }) => !isVisible && event === null)).toBe(true)
  })

  it('treats an id with another tag as absent for its former owner', async () => {
    const [former, current] = [jobs[0], jobs[1]].map((job) => ({ ...job, remoteId: '5' }) as Workload<'job'>)
    const { writes } = await sweep([former, current] as Workload<'job'>[], [
      { remoteId: '5', correlationTag: current?.correlationTag ?? '' },
    ])
    const missing = writes.filter(({ state }) => state.missingSince !== null)
    expect(missing.map(({ id }) => id)).toEqual([former?.id])
  })

  it('reads objects beyond the scanned pages individually, without an alert', async () => {
    const [shown, ...rest] = jobs
    const { writes, alarms } = await sweep(jobs, async () => pageOf([{ remoteId: shown?.remoteId ?? '' }], 'page 2'))
    expect(alarms).toEqual([])
    expect(writes.map(({ id }) => id)).toEqual(rest.slice(-20).map(({ id }) => id))
  })

  it('skips recently read objects and pending reads for a list that is too large', async () => {
    const waiting = jobs.map((job, index) => (index < 5 ? job : { ...job, missingSince: at(-index) }))
    const tooLarge = () => Promise.reject(new ProviderError('bad_response', 'too large', { isTooLarge: true }))
    const { writes } = await sweep(waiting as Workload<'job'>[], tooLarge)
    // The first two were observed within the maximum interval between two sweeps.
    expect(writes.map(({ id }) => id).sort()).toEqual(['job_2', 'job_3', 'job_4'])
  })

  it('reads objects beyond the memory limit individually', async () => {
    const { writes, alarms } = await sweep(
      jobs,
      jobs.slice(0, 25).map(({ remoteId }) => ({ remoteId: remoteId ?? '' })),
      {
        maxWatched: 25,
      },
    )
    expect(alarms).toEqual([])
    expect(writes.map(({ id }) => id).sort()).toEqual(
      jobs
        .slice(25)
        .map(({ id }) => id)
        .sort(),
    )
  })

  it('reads objects individually if the list is too large, but not after other errors', async () => {
    const tooLarge = new ProviderError('bad_response', 'the response has more than 33554432 bytes', {
      isTooLarge: true,
    })
    const isBroken = new ProviderError('bad_response', 'an HTML page')
    const rejectWith = (error: ProviderError) => () => Promise.reject(error)
    expect((await sweep(jobs, rejectWith(tooLarge))).writes).toHaveLength(20)
    expect((await sweep(jobs, rejectWith(isBroken))).writes).toEqual([])
  })
})
