import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { verdictOf } from '../../../src/workloads/failure-policy.ts'
import { hasOpenWish } from '../../../src/workloads/workload.ts'
import { drive, type Ending, type Story } from './model/drive.ts'
import { stories } from './model/stories.ts'

/**
 * The real engine (decide, perform, absorb, write, sweep) against a provider and a table in memory: answers lost, lists
 * that lag, requests executed late, processes that die or stand still, clients that change their minds.
 * A forbidden transition, a change after the end and a second create are told by the model itself.
 */
const runs = { numRuns: 2500 }
const limit = { timeout: 60_000 }

const isParked = ({ row }: Ending) => row.reason === 'outcome_unknown' && row.dueAt === null
const isOdd = ({ row }: Ending) => row.reason === 'unrecognized_remote_state'
/** A no of the provider ends a wish. */
const refusesWishes = ({ fates }: Story) =>
  fates.control.some(
    ({ does, code }) => does === 'refuses' && verdictOf('control', { code, notSent: false }) === 'final',
  )

function expectOnce(ending: Ending): void {
  expect(ending.violations).toEqual([])
  expect(ending.made).toBeLessThanOrEqual(1)
  // What exists is known, or visibly waits for an operator: nothing is lost.
  if (ending.living !== null && !isParked(ending)) expect(ending.row.remoteId).toBe(ending.living.id)
}

/** Nothing moves any more at the provider either, so nothing can be waited for. */
function mustHaveEnded(story: Story, ending: Ending): boolean {
  const { row, living } = ending
  if (isParked(ending) || isOdd(ending) || row.reason === 'environment_not_ready') return false
  if (row.desired === 'cancel' && !refusesWishes(story)) return true
  return living === null || story.life.ended.includes(living.state)
}

function expectWishCarried(story: Story, { row }: Ending): void {
  expect([...environmentKind.settled, 'deleted']).toContain(row.status)
  if (row.live && row.remoteId !== null) expect(hasOpenWish(row)).toBe(false)
  if (row.desired === 'delete' && !refusesWishes(story)) expect(row.status).toBe('deleted')
}

describe('whatever happens to a job', () => {
  it('is made at most once, is never lost, and ends once faults stop', limit, async () => {
    const property = fc.asyncProperty(stories('job'), async (story) => {
      const ending = await drive(story)
      expectOnce(ending)
      if (isParked(ending)) expect(story.traits.forgetsAfterMs).toBeDefined()
      if (mustHaveEnded(story, ending)) expect(ending.row).toMatchObject({ live: false, dueAt: null })
      if (!ending.row.live && ending.living !== null) expect(story.life.ended).toContain(ending.living.state)
    })
    await fc.assert(property, runs)
  })
})

describe('whatever happens to an environment', () => {
  it('is made at most once, is never lost, and becomes what the client wants', limit, async () => {
    const property = fc.asyncProperty(stories('environment'), async (story) => {
      const ending = await drive(story)
      expectOnce(ending)
      expect(isParked(ending)).toBe(false)
      if (!isOdd(ending)) expectWishCarried(story, ending)
      if (ending.row.status === 'deleted') expect(ending.living).toBeNull()
    })
    await fc.assert(property, runs)
  })

  it('leaves nothing behind when a start, which makes it anew, is carried out after the delete', async () => {
    const works = { does: 'works', executes: 'yes', code: 'timeout', tookMs: 5, lateMs: 0 } as const
    const isLate = { ...works, does: 'fails', executes: 'late', lateMs: 3000 } as const
    const wish = (desired: 'run' | 'stop' | 'delete') => ({ do: 'wish' as const, desired })
    const pass = (ms: number) => ({ do: 'pass' as const, ms })
    const ending = await drive({
      kind: 'environment',
      traits: { listLagMs: 0, maxProcessingMs: 3000, reusesIds: true },
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
      fates: { create: [], find: [], look: [], control: [works, isLate] },
      ...{ hasEnvironment: false, writes: [], stallsMs: [], wallSkewMs: 0 },
      steps: [pass(2000), wish('stop'), pass(5000), wish('run'), pass(50), wish('delete'), pass(1)],
    })
    expect(ending).toMatchObject({ row: { status: 'deleted', reason: null }, living: null, violations: [] })
  })
})
