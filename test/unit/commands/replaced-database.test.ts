import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { watchForReplacement } from '../../../src/commands/replaced-database.ts'
import { makeLogger } from '../../../src/infra/logger.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('reports a replaced database, also after a failed check, until stopped', async () => {
  const results: (number | null | Error)[] = [null, new Error('unavailable'), 3, null]
  const reopenReplaced = vi.fn(async () => {
    const result = results.shift() ?? null
    if (result instanceof Error) throw result
    return result
  })
  const warnings: unknown[] = []
  const logger = Object.assign(makeLogger({ level: 'silent' }), { warn: (context: unknown) => warnings.push(context) })
  const stop = await watchForReplacement({ reopenReplaced }, logger)
  expect(reopenReplaced).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(45_000)
  expect(reopenReplaced).toHaveBeenCalledTimes(4)
  expect(warnings).toEqual([{ reopened: 3 }])
  await stop()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(reopenReplaced).toHaveBeenCalledTimes(4)
})
