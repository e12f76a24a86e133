import { expect, it } from 'vitest'
import { readUntil } from '../../../src/records/long-poll.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { makeWorkload } from '../workloads/make-workload.ts'

const isRunning = ({ status }: { status: string }) => status === 'running'
const job = (status: 'queued' | 'running') => makeWorkload('job', { status })

/** A clock that each completed wait advances, and the lengths of these waits. */
function setup(statuses: ('queued' | 'running')[]) {
  const clock = makeFixedClock()
  const waits: number[] = []
  const deps = {
    clock,
    read: async () => job(statuses.length > 1 ? (statuses.shift() ?? 'queued') : (statuses[0] ?? 'queued')),
    wait: async (ms: number, signal: AbortSignal) => {
      await new Promise(setImmediate)
      if (signal.aborted) return true
      waits.push(ms)
      clock.advance(ms)
      return true
    },
  }
  return { deps, waits }
}

const neverAborted = new AbortController().signal

it('returns immediately if the condition is met', async () => {
  const { deps, waits } = setup(['running'])
  expect(await readUntil(deps, isRunning, { waitMs: 5000, signal: neverAborted })).toMatchObject({ status: 'running' })
  expect(waits).toEqual([])
})

it('reads again after each wake-up until the condition is met', async () => {
  const { deps, waits } = setup(['queued', 'queued', 'running'])
  expect(await readUntil(deps, isRunning, { waitMs: 60_000, signal: neverAborted })).toMatchObject({
    status: 'running',
  })
  expect(waits).toHaveLength(2)
})

it('does not miss a change during a read', async () => {
  const clock = makeFixedClock()
  let status: 'queued' | 'running' = 'queued'
  let notify = () => {}
  const deps = {
    clock,
    wait: (_ms: number, signal: AbortSignal) =>
      new Promise<boolean>((resolve) => {
        notify = () => resolve(true)
        signal.addEventListener('abort', notify)
      }),
    read: async () => {
      const read = job(status)
      status = 'running'
      notify()
      return read
    },
  }
  expect(await readUntil(deps, isRunning, { waitMs: 60_000, signal: neverAborted })).toMatchObject({
    status: 'running',
  })
})

it('polls every two seconds, and returns the latest read at the timeout', async () => {
  const { deps, waits } = setup(['queued'])
  expect(await readUntil(deps, isRunning, { waitMs: 5000, signal: neverAborted })).toMatchObject({ status: 'queued' })
  expect(waits).toEqual([2000, 2000, 1000])
})

it('does not wait with a timeout of zero', async () => {
  const { deps, waits } = setup(['queued'])
  await readUntil(deps, isRunning, { waitMs: 0, signal: neverAborted })
  expect(waits).toEqual([])
})

it('stops when the client disconnects', async () => {
  const { deps, waits } = setup(['queued'])
  const disconnected = new AbortController()
  const disconnecting = {
    ...deps,
    wait: async (ms: number, signal: AbortSignal) => {
      const mayContinue = await deps.wait(ms, signal)
      disconnected.abort()
      return mayContinue
    },
  }
  await readUntil(disconnecting, isRunning, { waitMs: 60_000, signal: disconnected.signal })
  expect(waits).toHaveLength(1)
})

it('returns the current record if the wait is refused', async () => {
  const { deps, waits } = setup(['queued'])
  const refusing = { ...deps, wait: async (ms: number, signal: AbortSignal) => (await deps.wait(ms, signal)) && false }
  expect(await readUntil(refusing, isRunning, { waitMs: 60_000, signal: neverAborted })).toMatchObject({
    status: 'queued',
  })
  expect(waits).toHaveLength(1)
})
