import type { CreationHoldsRepository } from './creation-holds.repository.ts'

/** Workloads per statement, which locks their rows. */
const batch = 1000

/** Makes all workloads that wait for a released hold due. */
export async function wakeHeld(holds: Pick<CreationHoldsRepository, 'wake'>, holdId: string): Promise<void> {
  for (let after: string | null = ''; after !== null; ) after = await holds.wake(holdId, { after, limit: batch })
}

/**
 * Repeats the wake-up of each hold some time after its release: the process that released it may have ended in between,
 * and a reconcile pass that began before may have written its wait after. Runs in workers; returns 0, as nothing is left.
 */
export function makeWakeReleased(holds: CreationHoldsRepository) {
  return async function wakeReleased(): Promise<number> {
    for (const id of await holds.releasedHolds()) {
      await wakeHeld(holds, id)
      await holds.markWoken(id)
    }
    return 0
  }
}
