import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { makeSweepSchedule, type SweepSchedule } from '../../../src/workloads/sweep/schedule.ts'
import type { ClaimedSweep } from '../../../src/workloads/sweep/sweeps.repository.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const claimMs = 5
const scanMs = 100
const pauseMs = 250
const log = { debug() {}, info() {}, warn() {}, error() {} }

/** A sweep schedule over lists in memory that counts claims and scans. */
function makeLists(count: number, concurrency: number, msOf: (index: number) => number = () => scanMs) {
  const lists = Array.from({ length: count }, (_, index) => ({ connectionId: `conn_${index}`, dueAt: 0, scans: 0 }))
  let claims = 0
  let maxRunning = 0
  let running = 0
  const sweeping = makeSweepSchedule({
    concurrency,
    log,
    sweeps: {
      async claimDue(limit) {
        claims += 1
        const due = lists.filter(({ dueAt }) => dueAt <= Date.now()).slice(0, limit)
        for (const list of due) list.dueAt = Number.POSITIVE_INFINITY
        await new Promise((resolve) => setTimeout(resolve, claimMs))
        return due as unknown as ClaimedSweep[]
      },
      async renew() {},
    },
    async sweep({ connectionId }) {
      const list = lists.find((each) => each.connectionId === connectionId)
      if (list === undefined) throw new Error(connectionId)
      running += 1
      maxRunning = Math.max(maxRunning, running)
      await new Promise((resolve) => setTimeout(resolve, msOf(lists.indexOf(list))))
      running -= 1
      list.scans += 1
      list.dueAt = Date.now() + pauseMs
      return pauseMs
    },
  })
  for (const list of lists) list.dueAt = Date.now()
  return { sweeping, lists, counts: () => ({ claims, maxRunning, scans: lists.map(({ scans }) => scans) }) }
}

async function pollOnce(sweeping: SweepSchedule): Promise<void> {
  const poll = sweeping.poll()
  await vi.advanceTimersByTimeAsync(claimMs)
  await poll
}

it('scans each list again when it is due, without a poll', async () => {
  const { sweeping, counts } = makeLists(10, 16)
  await pollOnce(sweeping)
  await vi.advanceTimersByTimeAsync(3 * (scanMs + pauseMs + claimMs) - 1)
  expect(counts().scans).toEqual(Array(10).fill(3))
  // At most one claim per scan.
  expect(counts().claims).toBeLessThanOrEqual(1 + 30)
})

it('gives each free slot to a waiting list', async () => {
  const { sweeping, counts } = makeLists(10, 4)
  await pollOnce(sweeping)
  await vi.advanceTimersByTimeAsync(3 * (scanMs + claimMs) + 10)
  expect(counts()).toMatchObject({ maxRunning: 4, scans: Array(10).fill(1) })
})

it('starts no scan after it is stopped', async () => {
  const { sweeping, counts } = makeLists(2, 4)
  await pollOnce(sweeping)
  const stopped = sweeping.stop()
  await vi.advanceTimersByTimeAsync(10 * (scanMs + pauseMs))
  await stopped
  expect(counts().scans).toEqual([1, 1])
})

it('gives a free slot to a waiting list while a slower scan holds another slot', async () => {
  const { sweeping, counts } = makeLists(3, 2, (index) => (index === 1 ? 60_000 : scanMs))
  await pollOnce(sweeping)
  await vi.advanceTimersByTimeAsync(2 * (scanMs + claimMs) + 10)
  expect(counts().scans).toEqual([1, 0, 1])
})

it('limits concurrent scans, even with concurrent polls', async () => {
  const { sweeping, counts } = makeLists(10, 4)
  await Promise.all([pollOnce(sweeping), sweeping.poll(), sweeping.poll()])
  await vi.advanceTimersByTimeAsync(3 * (scanMs + pauseMs))
  expect(counts().maxRunning).toBe(4)
})

it('waits on stop for a scan that is being claimed', async () => {
  const { sweeping, counts } = makeLists(1, 4)
  void sweeping.poll()
  await vi.advanceTimersByTimeAsync(1)
  let isStopped = false
  void sweeping.stop().then(() => {
    isStopped = true
  })
  await vi.advanceTimersByTimeAsync(claimMs + scanMs / 2)
  expect([isStopped, counts().scans]).toEqual([false, [0]])
  await vi.advanceTimersByTimeAsync(scanMs)
  expect([isStopped, counts().scans]).toEqual([true, [1]])
})
