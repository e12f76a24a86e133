import { CommandError } from '../command-error.ts'
import { exitCodes } from '../exit-codes.ts'
import { formatElapsed } from '../input/durations.ts'

export interface TimeLimit {
  /** Ends the wait earlier, such as Ctrl-C. */
  signal: AbortSignal
  /** Value of `--timeout`; without it there is no limit. */
  timeoutMs: number | undefined
  /** Message of the error after the limit, which it receives as text. */
  message(limit: string): string
}

/** Runs a wait, and ends it with the error `timed_out` after the limit. */
export async function withTimeLimit<T>(
  wait: (signal: AbortSignal) => Promise<T>,
  { signal, timeoutMs, message }: TimeLimit,
): Promise<T> {
  if (timeoutMs === undefined) return wait(signal)
  const limit = new AbortController()
  const cancel = callAfter(timeoutMs, () => limit.abort())
  try {
    return await wait(AbortSignal.any([signal, limit.signal]))
  } catch (cause) {
    if (!limit.signal.aborted) throw cause
    const options = { code: 'timed_out', exitCode: exitCodes.timedOut, cause }
    throw new CommandError(message(formatElapsed(timeoutMs)), options)
  } finally {
    cancel()
  }
}

/** A timer fires immediately if its time does not fit into 31 bits. */
const longestTimerMs = 2 ** 31 - 1

function callAfter(ms: number, run: () => void): () => void {
  const endMs = Date.now() + ms
  let timer: NodeJS.Timeout
  const wait = (): void => {
    const restMs = endMs - Date.now()
    timer = restMs > longestTimerMs ? setTimeout(wait, longestTimerMs) : setTimeout(run, Math.max(0, restMs))
  }
  wait()
  return () => clearTimeout(timer)
}
