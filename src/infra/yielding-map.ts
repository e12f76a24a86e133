import { setImmediate as nextTick } from 'node:timers/promises'

/** Items that are processed before other requests are served. */
const itemsPerTick = 20

/** Maps the items of a large list in order, without occupying the process for its length. */
export async function yieldingMap<I, O>(
  items: readonly I[],
  map: (item: I, index: number) => O | Promise<O>,
): Promise<O[]> {
  const mapped: O[] = []
  for (const [index, item] of items.entries()) {
    if (index % itemsPerTick === 0) await nextTick()
    mapped.push(await map(item, index))
  }
  return mapped
}
