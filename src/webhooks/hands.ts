import type { ClaimedDelivery } from './claims.repository.ts'

/** The deliveries that are under way in this process. */
export interface Hands {
  /** How many more may begin. */
  free(): number
  /** How many are under way, by endpoint. */
  readonly busy: ReadonlyMap<string, number>
  /** Begins each of them; resolves at once, and never fails. */
  take(claims: readonly ClaimedDelivery[]): void
  /** Resolves when none is under way. */
  drain(): Promise<void>
}

interface Deps {
  deliver(claim: ClaimedDelivery): Promise<void>
  concurrency: number
  /** A hand is free again. */
  onFree(): void
  log: { warn(context: object, message: string): void }
}

export function makeHands({ deliver, concurrency, onFree, log }: Deps): Hands {
  const running = new Set<Promise<void>>()
  const busy = new Map<string, number>()

  function begin(claim: ClaimedDelivery): void {
    const { endpointId } = claim
    busy.set(endpointId, (busy.get(endpointId) ?? 0) + 1)
    const run = deliver(claim)
      .catch((error: unknown) =>
        log.warn({ err: error, endpointId, deliveryId: claim.id }, 'a webhook delivery was cut off; it is sent again'),
      )
      .finally(() => {
        running.delete(run)
        leave(endpointId)
        onFree()
      })
    running.add(run)
  }

  function leave(endpointId: string): void {
    const left = (busy.get(endpointId) ?? 1) - 1
    if (left > 0) busy.set(endpointId, left)
    else busy.delete(endpointId)
  }

  return {
    busy,
    free: () => concurrency - running.size,
    take: (claims) => claims.forEach(begin),
    async drain() {
      while (running.size > 0) await Promise.allSettled(running)
    },
  }
}
