import { expect, it, vi } from 'vitest'
import { type Ended, timed } from '../../../src/telemetry/timed.ts'

const clock = { monotonicMs: () => 0 }

it('reports each operation once and returns its result or error', async () => {
  const ended: Ended<string>[] = []
  const failure = new Error('no capacity')
  expect(
    await timed(
      clock,
      async () => 'created',
      (each) => void ended.push(each),
    ),
  ).toBe('created')
  await expect(
    timed(
      clock,
      () => Promise.reject(failure),
      (each) => void ended.push(each),
    ),
  ).rejects.toBe(failure)
  expect(ended).toEqual([
    { ok: true, result: 'created', seconds: 0 },
    { ok: false, error: failure, seconds: 0 },
  ])
})

it('keeps the result or error if the report fails, with a warning', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {})
  const report = vi.fn(() => {
    throw new Error('unknown label')
  })
  const failure = new Error('no capacity')
  expect(await timed(clock, async () => 'created', report)).toBe('created')
  await expect(timed(clock, () => Promise.reject(failure), report)).rejects.toBe(failure)
  expect(report).toHaveBeenCalledTimes(2)
  expect(warn.mock.calls).toEqual(Array(2).fill(['A measurement was not reported: Error: unknown label']))
  warn.mockRestore()
})
