import { expect, it } from 'vitest'
import { readUntil } from '../../../src/records/long-poll.ts'
import { makeFixedClock } from '../../support/fixed-clock.ts'
import { makeWorkload } from '../workloads/make-workload.ts'

const isRunning = ({ status }: { status: string }) => status === 'running'
const job = (status: 'queued' | 'running') => makeWorkload('job', { status })

/** A clock that moves while one waits, and what was waited for until it was over. */
function scene(statuses: ('queued' | 'running')[]) {
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

const patient = new AbortController().signal

it('returns immediately if the condition holds already', async () => {
  const { deps, waits } = scene(['running'])
  expect(await readUntil(deps, isRunning, { waitMs: 5000, signal: patient })).toMatchObject({ status: 'running' })
  expect(waits).toEqual([])
})

it('reads again after each wake-up, until it is enough', async () => {
  const { deps, waits } = scene(['queued', 'queued', 'running'])
  expect(await readUntil(deps, isRunning, { waitMs: 60_000, signal: patient })).toMatchObject({ status: 'running' })
  expect(waits).toHaveLength(2)
})

it('misses no change that comes while it reads', async () => {
  const clock = makeFixedClock()
  let status: 'queued' | 'running' = 'queued'
  let tell = () => {}
  const deps = {
    clock,
    wait: (_ms: number, signal: AbortSignal) =>
      new Promise<boolean>((resolve) => {
        tell = () => resolve(true)
        signal.addEventListener('abort', tell)
      }),
    read: async () => {
      const read = job(status)
      status = 'running'
      tell()
      return read
    },
  }
  expect(await readUntil(deps, isRunning, { waitMs: 60_000, signal: patient })).toMatchObject({ status: 'running' })
})

it('polls every two seconds, and returns the latest read at the timeout', async () => {
  const { deps, waits } = scene(['queued'])
  expect(await readUntil(deps, isRunning, { waitMs: 5000, signal: patient })).toMatchObject({ status: 'queued' })
  expect(waits).toEqual([2000, 2000, 1000])
})

it('does not wait with a timeout of zero', async () => {
  const { deps, waits } = scene(['queued'])
  await readUntil(deps, isRunning, { waitMs: 0, signal: patient })
  expect(waits).toEqual([])
})

it('stops when the client has left', async () => {
  const { deps, waits } = scene(['queued'])
  const left = new AbortController()
  const leaving = {
    ...deps,
    wait: async (ms: number, signal: AbortSignal) => {
      const isOver = await deps.wait(ms, signal)
      left.abort()
      return isOver
    },
  }
  await readUntil(leaving, isRunning, { waitMs: 60_000, signal: left.signal })
  expect(waits).toHaveLength(1)
})

it('returns the current record when the client disconnects', async () => {
  const { deps, waits } = scene(['queued'])
  const ending = { ...deps, wait: async (ms: number, signal: AbortSignal) => (await deps.wait(ms, signal)) && false }
  expect(await readUntil(ending, isRunning, { waitMs: 60_000, signal: patient })).toMatchObject({ status: 'queued' })
  expect(waits).toHaveLength(1)
})
