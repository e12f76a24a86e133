import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { failureDecisionOf } from '../../../src/workloads/apply/failure-policy.ts'
import { hasOpenRequest } from '../../../src/workloads/workload.ts'
import { fuzzRuns } from '../../support/fuzz.ts'
import { drive, type Ending, type Story } from './model/drive.ts'
import { stories } from './model/stories.ts'

/**
 * The real engine (decide, execute, apply, write, sweep) in one or two processes against a provider and a table in memory:
 * answers lost, lists that lag, requests executed late, processes that die or stand still, clocks that are wrong and jump,
 * clients that change their minds. A forbidden transition, a change after the end, an event without news and a second
 * create are detected by the model.
 */
const runs = { numRuns: 5 * fuzzRuns }
const limit = { timeout: 600_000 }

const isParked = ({ row }: Ending) => row.reason === 'outcome_unknown' && row.dueAt === null
const isOdd = ({ row }: Ending) => row.reason === 'unrecognized_remote_state'
/** What exists, as far as the provider ever showed it. */
const shown = ({ living }: Ending) => (living?.isHidden === true ? null : living)
/** A rejection by the provider ends a request. */
const refusesWishes = ({ fates }: Story) =>
  fates.control.some(
    ({ does, code }) => does === 'refuses' && failureDecisionOf('control', { code, notSent: false }) === 'final',
  )
/** An action that is executed after a later request appears as an external change. */
const isLate = ({ fates }: Story) =>
  fates.control.some(({ does, executes }) => ['fails', 'dies'].includes(does) && executes === 'late')
/** Only the client decided its outcome. */
const isLeftToTheClient = (story: Story, ending: Ending) =>
  !refusesWishes(story) && !isLate(story) && !ending.isMeddledWith

function expectOnce(ending: Ending): void {
  const living = shown(ending)
  expect(ending.violations).toEqual([])
  expect(ending.made).toBeLessThanOrEqual(1)
  // What exists is known, or visibly waits for an operator: nothing is lost.
  if (living !== null && !isParked(ending)) expect(ending.row.remoteId).toBe(living.id)
}

/** Each change of status has its event, numbered without a gap, and the last one tells how it is now. */
function expectTold({ row, events, statuses }: Ending): void {
  const reported = events.map(({ status }) => status)
  const changes = reported.filter((status, index) => status !== reported[index - 1])
  const isNumbered = events.every(({ seq }, index) => seq === index + 1)
  const last = { seq: events.length, status: reported.at(-1) }
  expect({ changes, isNumbered, last }).toEqual({
    changes: statuses,
    isNumbered: true,
    last: { seq: row.seq, status: row.status },
  })
}

/** The provider is idle too, so there is nothing to wait for. */
function mustHaveEnded(story: Story, ending: Ending): boolean {
  const { row, living } = ending
  if (isParked(ending) || isOdd(ending) || row.reason === 'environment_not_ready') return false
  if (row.desired === 'cancel' && !refusesWishes(story)) return true
  return living === null || story.life.ended.includes(living.state)
}

/** How it ended is what the provider shows, and a cancel that came in time was heard. */
function expectVerdict(story: Story, ending: Ending): void {
  const { row, made } = ending
  const living = shown(ending)
  if (row.active) return
  if (living !== null) expect(row.status).toBe(story.life.states[living.state])
  if (made === 0 && row.desired === 'cancel') expect(['canceled', 'failed']).toContain(row.status)
}

function expectWishCarried(story: Story, ending: Ending): void {
  const { row } = ending
  expect([...environmentKind.settled, 'deleted']).toContain(row.status)
  if (row.active && row.remoteId !== null) expect(hasOpenRequest(row)).toBe(false)
  if (row.desired === 'delete' && !refusesWishes(story)) expect(row.status).toBe('deleted')
  if (row.desired !== 'delete' && isLeftToTheClient(story, ending)) expect(row.status).not.toBe(opposite[row.desired])
}

/** As what an environment must not end when its client last wanted the other. */
const opposite: Readonly<Record<string, string>> = { run: 'stopped', stop: 'running' }

describe('whatever happens to a job', () => {
  it('is made at most once, is never lost, and ends once faults stop', limit, async () => {
    const property = fc.asyncProperty(stories('job'), async (story) => {
      const ending = await drive(story)
      expectOnce(ending)
      expectTold(ending)
      if (isParked(ending)) expect(story.traits.retentionMs).toBeDefined()
      if (mustHaveEnded(story, ending)) expect(ending.row).toMatchObject({ active: false, dueAt: null })
      expectVerdict(story, ending)
    })
    await fc.assert(property, runs)
  })
})

describe('whatever happens to an environment', () => {
  it('is made at most once, is never lost, and becomes what the client wants', limit, async () => {
    const property = fc.asyncProperty(stories('environment'), async (story) => {
      const ending = await drive(story)
      expectOnce(ending)
      expectTold(ending)
      expect(isParked(ending)).toBe(false)
      if (!isOdd(ending)) expectWishCarried(story, ending)
      if (ending.row.status === 'deleted') expect(shown(ending)).toBeNull()
    })
    await fc.assert(property, runs)
  })

  it('leaves nothing behind when a start that recreates it is executed after the delete', async () => {
    const works = { does: 'works', executes: 'yes', code: 'timeout', tookMs: 5, lateMs: 0 } as const
    const isLate = { ...works, does: 'fails', executes: 'late', lateMs: 3000 } as const
    const requestAction = (desired: 'run' | 'stop' | 'delete') => ({ do: 'request' as const, desired })
    const pass = (ms: number) => ({ do: 'pass' as const, ms })
    const ending = await drive({
      kind: 'environment',
      traits: { listConsistencyLagMs: 0, maxProcessingMs: 3000, uniqueNames: false, reusesIds: true },
      life: {
        states: { UP: 'running', DOWN: 'stopped', LEAVING: 'deleting' },
        course: [{ state: 'UP', forMs: 0 }],
        verbs: {
          start: { through: null, to: 'UP', forMs: 0 },
          stop: { through: null, to: 'DOWN', forMs: 0 },
          delete: { through: 'LEAVING', to: null, forMs: 0 },
        },
        ended: [],
      },
      fates: { create: [], find: [], read: [], control: [works, isLate] },
      ...{ findsLate: false, neighbours: [], hasEnvironment: false, writes: [], stallsMs: [], wallSkewsMs: [0] },
      steps: [
        pass(2000),
        requestAction('stop'),
        pass(5000),
        requestAction('run'),
        pass(50),
        requestAction('delete'),
        pass(1),
      ],
    })
    expect(ending).toMatchObject({ row: { status: 'deleted', reason: null }, living: null, violations: [] })
  })
})
