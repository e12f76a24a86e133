import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { sleep, startTimer } from '../src/timers.ts'

const dayMs = 86_400_000

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it.each([10, 30 * dayMs, 60 * dayMs])('a timer of %i ms fires exactly after that time', (ms) => {
  const run = vi.fn()
  startTimer(ms, run)
  vi.advanceTimersByTime(ms - 1)
  expect(run).not.toHaveBeenCalled()
  vi.advanceTimersByTime(1)
  expect(run).toHaveBeenCalledOnce()
})

it('an infinite timer never fires and can be stopped', () => {
  const run = vi.fn()
  const timers = [Infinity, 30 * dayMs, 10].map((ms) => startTimer(ms, run))
  vi.advanceTimersByTime(5)
  for (const stop of timers) stop()
  expect(vi.getTimerCount()).toBe(0)
  startTimer(Infinity, run)
  vi.advanceTimersByTime(100 * dayMs)
  expect(run).not.toHaveBeenCalled()
})

it('a stopped long timer does not fire later', () => {
  const run = vi.fn()
  const stop = startTimer(60 * dayMs, run)
  vi.advanceTimersByTime(40 * dayMs)
  stop()
  vi.advanceTimersByTime(40 * dayMs)
  expect(run).not.toHaveBeenCalled()
})

it('a sleep ends when its signal is aborted', async () => {
  const controller = new AbortController()
  const ended = vi.fn()
  const sleeping = sleep(30 * dayMs, controller.signal).catch(ended)
  await vi.advanceTimersByTimeAsync(29 * dayMs)
  expect(ended).not.toHaveBeenCalled()
  controller.abort('enough')
  await sleeping
  expect(ended).toHaveBeenCalledWith('enough')
  expect(vi.getTimerCount()).toBe(0)
})
