import { ApiError } from '../vocabulary/api-error.ts'

/** So many requests of one caller may be open at this instance at the same time. */
export interface ConcurrencyLimit {
  /**
   * Takes one of the caller's places, until what it answers is called.
   *
   * @throws ApiError `rate_limited` where all are taken
   */
  take(caller: string): () => void
}

/** How long and how often callers may wait for a change. Each wait holds a socket and costs a look every two seconds. */
export interface WaitLimit extends ConcurrencyLimit {
  readonly maxSeconds: number
}

/** For requests that wait for a change. */
export function makeWaitLimit({ maxSeconds, perCaller }: { maxSeconds: number; perCaller: number }): WaitLimit {
  const instead = 'Omit `Prefer: wait`, or list several records in one request.'
  return { maxSeconds, ...makeConcurrencyLimit(perCaller, { what: 'waiting requests', instead }) }
}

/** For streams of events. */
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
