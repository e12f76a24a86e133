import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withTimeLimit } from '../../../clients/cli/src/waiting/time-limit.ts'

const dayMs = 86_400_000

/** Ends only when aborted. */
const endless = (signal: AbortSignal) =>
  new Promise<string>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

describe('time limit', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  const start = (timeoutMs: number | undefined, signal = new AbortController().signal) => {
    const ended = vi.fn()
    const message = (limit: string) => `not within ${limit}`
    void withTimeLimit(endless, { signal, timeoutMs, message }).catch(ended)
    return ended
  }

  it('ends a wait of forty days, longer than a timer supports', async () => {
    const ended = start(40 * dayMs)
    await vi.advanceTimersByTimeAsync(40 * dayMs - 1)
    expect(ended).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(ended).toHaveBeenCalledWith(
      expect.objectContaining({ code: 'timed_out', exitCode: 124, message: 'not within 40d 00h' }),
    )
  })

  it('never ends the wait if absent', async () => {
    const ended = start(undefined)
    await vi.advanceTimersByTimeAsync(400 * dayMs)
    expect(ended).not.toHaveBeenCalled()
  })

  it('does not replace the error of an interrupted wait', async () => {
    const interruption = new AbortController()
    const ended = start(dayMs, interruption.signal)
    interruption.abort()
    await vi.advanceTimersByTimeAsync(0)
    expect(ended).toHaveBeenCalledWith(interruption.signal.reason)
  })
})
