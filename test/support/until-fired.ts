import { vi } from 'vitest'
import type { Fault, Faults } from '../../src/sandbox/faults.ts'

/**
 * Waits until a fault has fired `times` times. With a stalled response, the response is then in flight; polling for a
 * status of the same duration could miss it.
 */
export async function untilFired(
  { faults }: { faults: Pick<Faults, 'active'> },
  { id }: Pick<Fault, 'id'>,
  times = 1,
): Promise<void> {
  const fired = () => faults.active.find((fault) => fault.id === id)?.fired ?? 0
  await vi.waitUntil(() => fired() >= times, { timeout: 30_000, interval: 20 })
}
