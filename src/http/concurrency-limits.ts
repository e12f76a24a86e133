import { ApiError } from '../vocabulary/api-error.ts'

/** Limits the concurrent requests of one caller at this instance. */
export interface ConcurrencyLimit {
  /**
   * Occupies one of the caller's slots until the returned function is called.
   *
   * @throws ApiError `rate_limited` if all slots are in use
   */
  acquire(caller: string): () => void
}

/** Limits long polls: each holds a socket and costs a read every two seconds. */
export interface WaitLimit extends ConcurrencyLimit {
  readonly maxSeconds: number
}

/** Limit of long polls. */
export function makeWaitLimit({ maxSeconds, perCaller }: { maxSeconds: number; perCaller: number }): WaitLimit {
  const instead = 'Omit `Prefer: wait`, or list several records in one request.'
  return { maxSeconds, ...makeConcurrencyLimit(perCaller, { what: 'waiting requests', instead }) }
}

/** Limit of event streams. */
export function makeStreamLimit({ perCaller }: { perCaller: number }): ConcurrencyLimit {
  const instead = 'Close one, or use a single project stream: GET /events/stream.'
  return makeConcurrencyLimit(perCaller, { what: 'open event streams', instead })
}

function makeConcurrencyLimit(
  perCaller: number,
  { what, instead }: { what: string; instead: string },
): ConcurrencyLimit {
  const used = new Map<string, number>()

  function release(caller: string): void {
    const left = (used.get(caller) ?? 1) - 1
    if (left === 0) used.delete(caller)
    else used.set(caller, left)
  }

  return {
    acquire(caller) {
      const count = used.get(caller) ?? 0
      if (count >= perCaller) throw limitReached(`${count} ${what}`, instead)
      used.set(caller, count + 1)
      return () => release(caller)
    },
  }
}

function limitReached(what: string, instead: string): ApiError {
  return new ApiError('rate_limited', `Limit reached: this key has ${what} at this instance. ${instead}`, {
    retryAfterSeconds: 1,
  })
}
