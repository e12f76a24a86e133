import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeSweeping } from '../../../src/workloads/sweeping.ts'
import type { ClaimedSweep } from '../../../src/workloads/sweeps.repository.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const scanMs = 100
const pauseMs = 250
const log = { debug() {}, info() {}, warn() {}, error() {} }

/** Lists that are due, as a table of sweeps has them, and how often each was scanned. */
function makeLists(count: number, concurrency: number) {
  const lists = Array.from({ length: count }, (_, index) => ({ connectionId: `conn_${index}`, dueAt: 0, scans: 0 }))
  let claims = 0
  let most = 0
  let underWay = 0
  const sweeping = makeSweeping({
    concurrency,
    log,
    sweeps: {
      async claimDue(limit) {
        claims += 1
        const due = lists.filter(({ dueAt }) => dueAt <= Date.now()).slice(0, limit)
        for (const list of due) list.dueAt = Number.POSITIVE_INFINITY
        return due as unknown as ClaimedSweep[]
      },
      async renew() {},
    },
    async sweep({ connectionId }) {
      const list = lists.find((each) => each.connectionId === connectionId)
      if (list === undefined) throw new Error(connectionId)
      underWay += 1
      most = Math.max(most, underWay)
      await new Promise((resolve) => setTimeout(resolve, scanMs))
      underWay -= 1
      list.scans += 1
      list.dueAt = Date.now() + pauseMs
      return pauseMs
    },
  })
  for (const list of lists) list.dueAt = Date.now()
  return { sweeping, lists, counts: () => ({ claims, most, scans: lists.map(({ scans }) => scans) }) }
}

it('scans each list again when it is due, though nobody looks', async () => {
  const { sweeping, counts } = makeLists(10, 16)
  await sweeping.look()
  await vi.advanceTimersByTimeAsync(3 * (scanMs + pauseMs) - 1)
  expect(counts().scans).toEqual(Array(10).fill(3))
  // At most one look for each scan.
  expect(counts().claims).toBeLessThanOrEqual(1 + 30)
})

it('gives a place that gets free to a list that waits for one', async () => {
  const { sweeping, counts } = makeLists(10, 4)
  await sweeping.look()
  await vi.advanceTimersByTimeAsync(3 * scanMs + 10)
  expect(counts()).toMatchObject({ most: 4, scans: Array(10).fill(1) })
})

it('begins nothing once it is stopped', async () => {
  const { sweeping, counts } = makeLists(2, 4)
  await sweeping.look()
  const stopped = sweeping.stop()
  await vi.advanceTimersByTimeAsync(10 * (scanMs + pauseMs))
  await stopped
  expect(counts().scans).toEqual([1, 1])
})
