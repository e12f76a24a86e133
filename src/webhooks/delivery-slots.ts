import type { ClaimedDelivery, Shares } from './claims.repository.ts'

/** Deliveries in flight in this process. */
export interface DeliverySlots {
  /** Number of free slots. */
  free(): number
  /** Number of deliveries in flight, by endpoint and by project. */
  readonly busy: Shares['busy']
  /** Number of probes in flight, to failing endpoints. */
  probing(): number
  /** Starts each delivery without waiting; never fails. */
  take(claims: readonly ClaimedDelivery[]): void
  /** Resolves when no delivery is in flight. */
  drain(): Promise<void>
}

interface Deps {
  deliver(claim: ClaimedDelivery): Promise<void>
  concurrency: number
  /** Called when a slot becomes free. */
  onFree(): void
  log: { warn(context: object, message: string): void }
}

export function makeDeliverySlots({ deliver, concurrency, onFree, log }: Deps): DeliverySlots {
  const running = new Map<Promise<void>, ClaimedDelivery>()
  const busy = { byEndpoint: new Map<string, number>(), byProject: new Map<string, number>() }

  function begin(claim: ClaimedDelivery): void {
    const { endpointId, projectId } = claim
    add(busy.byEndpoint, endpointId, 1)
    add(busy.byProject, projectId, 1)
    const run = deliver(claim)
      .catch((error: unknown) =>
        log.warn({ err: error, endpointId, deliveryId: claim.id }, 'webhook delivery aborted; will resend'),
      )
      .finally(() => {
        running.delete(run)
        add(busy.byEndpoint, endpointId, -1)
        add(busy.byProject, projectId, -1)
        onFree()
      })
    running.set(run, claim)
  }

  return {
    busy,
    free: () => concurrency - running.size,
    probing: () => [...running.values()].filter(({ failures }) => failures > 0).length,
    take: (claims) => claims.forEach(begin),
    async drain() {
      while (running.size > 0) await Promise.allSettled(running.keys())
    },
  }
}

function add(counts: Map<string, number>, key: string, more: number): void {
  const count = (counts.get(key) ?? 0) + more
  if (count > 0) counts.set(key, count)
  else counts.delete(key)
}
