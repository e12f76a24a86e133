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
  /** How a pass over a connection goes. */
  pass?(connectionId: string): Promise<boolean>
}

/** A scheduler over a backlog in memory, which counts who holds what. */
function schedulerOver(
  backlog: Record<string, number>,
  { slots = 4, callsPerSecond = 0, pass = async () => false }: Options,
) {
  const left = new Map(Object.entries(backlog))
  const seen = { claims: 0, held: 0, mostHeld: 0, released: 0, renewed: 0, nowMs: 0, done: [] as string[] }
  const leases = {
    dueConnections: async () =>
      [...left].filter(([, count]) => count > 0).map(([connectionId]) => ({ connectionId, projectId: connectionId })),
    async claim(shares: readonly Share[]) {
      seen.claims += 1
      await sleep(1)
      const claimed = shares.flatMap(({ connectionId, count }) => {
        const got = Math.min(count, left.get(connectionId) ?? 0)
        left.set(connectionId, (left.get(connectionId) ?? 0) - got)
        return Array.from({ length: got }, (): Claimed => {
          const id = `job_${seen.claims}_${Math.random()}`
          return { workload: { ...makeWorkload('job', {}), id, connectionId, projectId: connectionId }, leaseId: id }
        })
      })
      seen.held += claimed.length
      seen.mostHeld = Math.max(seen.mostHeld, seen.held)
      return claimed
    },
    facts: async (ids: readonly string[]) => new Map(ids.map((id) => [id, { id }])),
    renew: async (claims: readonly Claimed[]) => {
      seen.renewed = claims.length
    },
    release: async (claims: readonly Claimed[]) => {
      seen.released += claims.length
      seen.held -= claims.length
    },
  } as unknown as LeasesRepository
  const scheduler = makeScheduler({
    ...{
      leases,
      log,
      clock: { monotonicMs: () => seen.nowMs },
      maxPassMs: 30,
      slots: makeSlots(slots, clock),
      budget: makeBudget(callsPerSecond, { monotonicMs: () => 5000 }),
    },
    async reconcile({ claimed: { workload } }) {
      const isDue = await pass(workload.connectionId)
      seen.held -= 1
      seen.done.push(workload.connectionId)
      return isDue
    },
  })
  return { scheduler, seen, left }
}

describe('a backlog', () => {
  it('is worked off from one poll, and never more is claimed than there are slots', async () => {
    const { scheduler, seen } = schedulerOver({ a: 60, b: 60 }, { pass: () => sleep(2, false) })
    await scheduler.poll()
    await expect.poll(() => seen.done.length, { timeout: 30_000 }).toBe(120)
    expect(seen.mostHeld).toBeLessThanOrEqual(4)
    expect(seen.released).toBe(0)
    await scheduler.drain()
  })

  it('of one connection continues with each freed slot, although others stay free', async () => {
    const { scheduler, seen } = schedulerOver({ a: 400 }, { slots: 8, pass: () => sleep(1, false) })
    await scheduler.poll()
    // 6 of 8 slots are the most for one connection: with a pause after each 6 this takes 17 s.
    await expect.poll(() => seen.done.length, { timeout: 30_000 }).toBe(400)
    expect(seen.mostHeld).toBe(6)
    await scheduler.drain()
  })

  it('of one connection keeps a small one waiting for a few passes only', async () => {
    const { scheduler, seen } = schedulerOver({ crowd: 200, small: 1 }, { pass: () => sleep(2, false) })
    await scheduler.poll()
    await expect.poll(() => seen.done.indexOf('small'), { timeout: 30_000 }).toBeGreaterThanOrEqual(0)
    expect(seen.done.indexOf('small')).toBeLessThan(8)
    await scheduler.drain()
  })

  it('is left to the calls that a connection may make, without a claim in vain', async () => {
    const { scheduler, seen } = schedulerOver({ a: 1000 }, { slots: 64, callsPerSecond: 10 })
    await scheduler.poll()
    // A second's worth that was kept; the budget's clock stands still.
    await expect.poll(() => seen.done.length).toBe(11)
    const { claims } = seen
    await sleep(20)
    expect([seen.done.length, seen.claims]).toEqual([11, claims])
    await scheduler.drain()
  })
})

describe('a hint', () => {
  it('without a free slot claims nothing, and is kept back until there is one', async () => {
    const held = Promise.withResolvers<boolean>()
    const { scheduler, seen, left } = schedulerOver({ slow: 1 }, { slots: 1, pass: () => held.promise })
    await scheduler.hint('slow')
    await expect.poll(() => seen.held).toBe(1)
    const { claims } = seen
    left.set('other', 1)
    const hinted = scheduler.hint('other')
    await sleep(20)
    expect(seen.claims).toBe(claims)
    held.resolve(false)
    await hinted
    await expect.poll(() => seen.done).toEqual(['slow', 'other'])
    await scheduler.drain()
  })
})

describe('a lease', () => {
  it('is renewed while its pass is under way, and not for a pass that should have ended long ago', async () => {
    const held = Promise.withResolvers<boolean>()
    const { scheduler, seen } = schedulerOver({ a: 1 }, { pass: () => held.promise })
    await scheduler.poll()
    await expect.poll(() => seen.held).toBe(1)
    await scheduler.renewLeases()
    expect(seen.renewed).toBe(1)
    seen.nowMs = 31
    await scheduler.renewLeases()
    expect(seen.renewed).toBe(0)
    held.resolve(false)
    await scheduler.drain()
  })
})

describe('a worker that stops', () => {
  it('claims nothing more, gives back what a claim brings meanwhile, and waits for its passes', async () => {
    const held = Promise.withResolvers<boolean>()
    const { scheduler, seen } = schedulerOver({ a: 50 }, { pass: () => held.promise })
    await scheduler.poll()
    await expect.poll(() => seen.claims).toBeGreaterThan(0)
    const drained = scheduler.drain()
    held.resolve(false)
    await drained
    expect(seen.held).toBe(0)
    const { claims } = seen
    await scheduler.poll()
    await sleep(20)
    expect(seen.claims).toBe(claims)
  })
})
