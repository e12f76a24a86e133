import type { CallOptions, How } from './api.ts'
import { TimeoutError } from './errors.ts'
import { makeOutages } from './outages.ts'
import { sleep, startTimer } from './timers.ts'

/** Options of a wait. It survives restarts of the service, and can be repeated: it changes nothing. */
export interface WaitOptions<R> {
  signal?: AbortSignal | undefined
  /** Total time limit of the wait. Default: none. */
  timeoutMs?: number | undefined
  /** Called with each version of the record, the first and the last included. */
  onUpdate?: ((record: R) => void) | undefined
  /** Time of one long poll, up to 60. Shorten it if a proxy ends requests earlier. Default: 30. */
  pollSeconds?: number | undefined
}

interface Waiting<R> {
  read(options: CallOptions, how: How): Promise<{ data?: R; response: Response }>
  isDone(record: R): boolean
  maxOutageMs: number
  requestTimeoutMs: number
}

/** An earlier response without a change comes from a service that does not support long polls. */
const shortestPollMs = 500

/** Reads a record by long polls until it is done. */
export async function waitUntil<R extends { id: string; status: string; version: number }>(
  { read, isDone, maxOutageMs, requestTimeoutMs }: Waiting<R>,
  { signal, timeoutMs, onUpdate, pollSeconds = 30 }: WaitOptions<R> = {},
): Promise<R> {
  const { ended, clear, isOverdue } = makeDeadline(timeoutMs, signal)
  const outages = makeOutages(maxOutageMs)
  let last: R | undefined
  const poll = async (): Promise<boolean> => {
    // To report every version, the first read does not wait, and later ones wait for a change instead of the end.
    const known = onUpdate === undefined ? null : last?.version
    const headers = {
      prefer: `wait=${known === undefined ? 0 : pollSeconds}`,
      ...(typeof known === 'number' ? { 'if-none-match': `"${known}"` } : {}),
    }
    const { data } = await read({ signal: ended, timeoutMs: pollSeconds * 1000 + requestTimeoutMs }, { headers })
    if (data === undefined || data.version === last?.version) return false
    last = data
    onUpdate?.(data)
    return true
  }
  try {
    while (last === undefined || !isDone(last)) {
      const startMs = Date.now()
      const isNews = await poll().then(
        (changed) => {
          outages.over()
          return changed
        },
        async (error) => {
          await outages.endure(error, ended)
          return true
        },
      )
      if (!isNews && Date.now() - startMs < shortestPollMs) await sleep(1000, ended)
    }
    return last
  } catch (error) {
    throw isOverdue() ? overdue(last, timeoutMs) : error
  } finally {
    clear()
  }
}

function makeDeadline(timeoutMs: number | undefined, signal: AbortSignal | undefined) {
  const deadline = new AbortController()
  const clear = startTimer(timeoutMs ?? Infinity, () => deadline.abort())
  return {
    ended: signal === undefined ? deadline.signal : AbortSignal.any([signal, deadline.signal]),
    clear,
    isOverdue: () => deadline.signal.aborted && signal?.aborted !== true,
  }
}

function overdue(last: { id: string; status: string } | undefined, timeoutMs: number | undefined): TimeoutError {
  const state = last === undefined ? 'The record has not been read' : `${last.id} is still ${last.status}`
  return new TimeoutError(`${state} after ${timeoutMs} ms. Only the wait has ended: it can be repeated.`)
}

/** A promise of a record, which can be waited for: `await client.jobs.submit(request).wait()`. */
export interface Pending<R, O> extends Promise<R> {
  wait(options?: O): Promise<R>
}

export function pending<R extends { id: string }, O>(
  promise: Promise<R>,
  wait: (id: string, options?: O) => Promise<R>,
): Pending<R, O> {
  return Object.assign(promise, { wait: async (options?: O) => wait((await promise).id, options) })
}
