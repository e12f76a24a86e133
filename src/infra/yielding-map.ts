import { yieldToOthers } from './fair-yield.ts'

/** Items that are processed before other requests are served, and the time after which they are served earlier. */
const itemsPerBatch = 20
const batchMs = 10

/** Maps the items of a large list in order, without occupying the process for its length. */
export async function yieldingMap<I, O>(
  items: readonly I[],
  map: (item: I, index: number) => O | Promise<O>,
): Promise<O[]> {
  const mapped: O[] = []
  let startedAtMs = 0
  for (const [index, item] of items.entries()) {
    if (index % itemsPerBatch === 0 || performance.now() - startedAtMs > batchMs) {
      await yieldToOthers()
      startedAtMs = performance.now()
    }
    mapped.push(await map(item, index))
  }
  return mapped
}
