import { Refusal } from '../vocabulary/refusal.ts'

/** How long and how often callers may wait for a change. Each wait holds a socket and costs a look every two seconds. */
export interface WaitPlaces {
  readonly maxSeconds: number
  /** Runs `wait` in one of the caller's places; refuses where all are taken. */
  during<T>(caller: string, wait: () => Promise<T>): Promise<T>
}

export function makeWaitPlaces({ maxSeconds, perCaller }: { maxSeconds: number; perCaller: number }): WaitPlaces {
  const taken = new Map<string, number>()

  function leave(caller: string): void {
    const left = (taken.get(caller) ?? 1) - 1
    if (left === 0) taken.delete(caller)
    else taken.set(caller, left)
  }

  return {
    maxSeconds,
    async during(caller, wait) {
      const count = taken.get(caller) ?? 0
      if (count >= perCaller) throw allTaken(perCaller)
      taken.set(caller, count + 1)
      return wait().finally(() => leave(caller))
    },
  }
}

function allTaken(perCaller: number): Refusal {
  return new Refusal(
    'rate_limited',
    `This key has ${perCaller} requests waiting at this instance already, which is as many as it may. Ask without Prefer: wait, or list several records at once.`,
    { retryAfterSeconds: 1 },
  )
}
