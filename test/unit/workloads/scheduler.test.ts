import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { makeBudget } from '../../../src/workloads/engine/budget.ts'
import type { Claimed, LeasesRepository, Share } from '../../../src/workloads/engine/leases.repository.ts'
import { makeScheduler } from '../../../src/workloads/schedule/scheduler.ts'
import { makeSlots } from '../../../src/workloads/schedule/slots.ts'
import { makeWorkload } from './make-workload.ts'

const clock = { monotonicMs: () => performance.now() }
const log = { debug() {}, info() {}, warn() {}, error() {} }

interface Options {
  slots?: number
  callsPerSecond?: number
  /** Result of a reconcile pass for a connection. */
  pass?(connectionId: string): Promise<boolean>
}

/** A scheduler with a backlog in memory that counts claims and held workloads. */
function schedulerOver(
  backlog: Record<string, number>,
  { slots = 4, callsPerSecond = 0, pass = async () => false }: Options,
) {
  const left = new Map(Object.entries(backlog))
  const stats = { claims: 0, held: 0, maxHeld: 0, released: 0, renewed: 0, nowMs: 0, done: [] as string[] }
  const leases = {
    dueConnections: async () =>
      [...left].filter(([, count]) => count > 0).map(([connectionId]) => ({ connectionId, projectId: connectionId })),
    async claim(shares: readonly Share[]) {
      stats.claims += 1
      await sleep(1)
      const claimed = shares.flatMap(({ connectionId, count }) => {
        const taken = Math.min(count, left.get(connectionId) ?? 0)
        left.set(connectionId, (left.get(connectionId) ?? 0) - taken)
        return Array.from({ length: taken }, (): Claimed => {
          const id = `job_${stats.claims}_${Math.random()}`
          return { workload: { ...makeWorkload('job', {}), id, connectionId, projectId: connectionId }, leaseId: id }
        })
      })
      stats.held += claimed.length
      stats.maxHeld = Math.max(stats.maxHeld, stats.held)
      return claimed
    },
    facts: async (ids: readonly string[]) => new Map(ids.map((id) => [id, { id }])),
    renew: async (claims: readonly Claimed[]) => {
      stats.renewed = claims.length
    },
    release: async (claims: readonly Claimed[]) => {
      stats.released += claims.length
      stats.held -= claims.length
    },
  } as unknown as LeasesRepository
  const scheduler = makeScheduler({
    ...{
      leases,
      log,
      clock: { monotonicMs: () => stats.nowMs },
      maxPassMs: 30,
      slots: makeSlots(slots, clock),
      budget: makeBudget(callsPerSecond, { monotonicMs: () => 5000 }),
    },
    async reconcile({ claimed: { workload } }) {
      const isDue = await pass(workload.connectionId)
      stats.held -= 1
      stats.done.push(workload.connectionId)
      return isDue
    },
  })
  return { scheduler, stats, left }
}

describe('backlog', () => {
  it('is processed after one poll without more claims than slots', async () => {
    const { scheduler, stats } = schedulerOver({ a: 60, b: 60 }, { pass: () => sleep(2, false) })
    await scheduler.poll()
    await expect.poll(() => stats.done.length).toBe(120)
    expect(stats.maxHeld).toBeLessThanOrEqual(4)
    expect(stats.released).toBe(0)
    await scheduler.drain()
  })

  it('is processed as soon as a slot is free, even for a single connection', async () => {
    const { scheduler, stats } = schedulerOver({ a: 400 }, { slots: 8, pass: () => sleep(1, false) })
    await scheduler.poll()
    // One connection gets at most 7 of 8 slots; with a pause after each 6 this takes 17 s.
    await expect.poll(() => stats.done.length).toBe(400)
    expect(stats.maxHeld).toBe(7)
    await scheduler.drain()
  })

  it('delays another connection for only a few passes', async () => {
    const { scheduler, stats } = schedulerOver({ crowd: 200, small: 1 }, { pass: () => sleep(2, false) })
    await scheduler.poll()
    await expect.poll(() => stats.done.indexOf('small')).toBeGreaterThanOrEqual(0)
    expect(stats.done.indexOf('small')).toBeLessThan(8)
    await scheduler.drain()
  })

  it('is limited by the call budget, without useless claims', async () => {
    const { scheduler, stats } = schedulerOver({ a: 1000 }, { slots: 64, callsPerSecond: 10 })
    await scheduler.poll()
    // One second's burst; the clock of the budget stands still.
    await expect.poll(() => stats.done.length).toBe(11)
    const { claims } = stats
    await sleep(20)
    expect([stats.done.length, stats.claims]).toEqual([11, claims])
    await scheduler.drain()
  })
})

describe('hint', () => {
  it('waits for a free slot before it claims', async () => {
    const held = Promise.withResolvers<boolean>()
    const { scheduler, stats, left } = schedulerOver({ slow: 1 }, { slots: 1, pass: () => held.promise })
    await scheduler.hint('slow')
    await expect.poll(() => stats.held).toBe(1)
    const { claims } = stats
    left.set('other', 1)
    const hinted = scheduler.hint('other')
    await sleep(20)
    expect(stats.claims).toBe(claims)
    held.resolve(false)
    await hinted
    await expect.poll(() => stats.done).toEqual(['slow', 'other'])
    await scheduler.drain()
  })
})

describe('lease renewal', () => {
  it('covers a running pass until its maximum duration', async () => {
    const held = Promise.withResolvers<boolean>()
    const { scheduler, stats } = schedulerOver({ a: 1 }, { pass: () => held.promise })
    await scheduler.poll()
    await expect.poll(() => stats.held).toBe(1)
    await scheduler.renewLeases()
    expect(stats.renewed).toBe(1)
    stats.nowMs = 31
    await scheduler.renewLeases()
    expect(stats.renewed).toBe(0)
    held.resolve(false)
    await scheduler.drain()
  })
})

describe('worker shutdown', () => {
  it('claims nothing more and releases or completes what is held', async () => {
    const held = Promise.withResolvers<boolean>()
    const { scheduler, stats } = schedulerOver({ a: 50 }, { pass: () => held.promise })
    await scheduler.poll()
    await expect.poll(() => stats.claims).toBeGreaterThan(0)
    const drained = scheduler.drain()
    held.resolve(false)
    await drained
    expect(stats.held).toBe(0)
    const { claims } = stats
    await scheduler.poll()
    await sleep(20)
    expect(stats.claims).toBe(claims)
  })
})
