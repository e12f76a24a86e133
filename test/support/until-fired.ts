import { vi } from 'vitest'
import type { Fault, Faults } from '../../src/sandbox/faults.ts'

/**
 * Until a fault has struck so often. A stalled answer is on its way then: a status that lasts as long can be missed by
 * whoever asks for it.
 */
export async function untilFired(
  { faults }: { faults: Pick<Faults, 'active'> },
  { id }: Pick<Fault, 'id'>,
  times = 1,
): Promise<void> {
  const fired = () => faults.active.find((fault) => fault.id === id)?.fired ?? 0
  await vi.waitUntil(() => fired() >= times, { timeout: 10_000, interval: 20 })
}
