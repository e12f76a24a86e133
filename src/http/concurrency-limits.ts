import { ApiError } from '../vocabulary/api-error.ts'

/** Limits the concurrent requests of one caller at this instance. */
export interface ConcurrencyLimit {
  /**
   * Occupies one of the caller's slots until the returned function is called.
   *
   * @throws ApiError `rate_limited` if all slots are in use
   */
  take(caller: string): () => void
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
  const taken = new Map<string, number>()

  function leave(caller: string): void {
    const left = (taken.get(caller) ?? 1) - 1
    if (left === 0) taken.delete(caller)
    else taken.set(caller, left)
  }

  return {
    take(caller) {
      const count = taken.get(caller) ?? 0
      if (count >= perCaller) throw allTaken(`${count} ${what}`, instead)
      taken.set(caller, count + 1)
      return () => leave(caller)
    },
  }
}

function allTaken(what: string, instead: string): ApiError {
  return new ApiError('rate_limited', `Limit reached: this key has ${what} at this instance. ${instead}`, {
    retryAfterSeconds: 1,
  })
}
