export interface PageScan<T, C> {
  read(cursor: C | null): Promise<{ items: readonly T[]; next: C | null }>
  /** The scan stops here as incomplete, whatever the length of the list. */
  maxPages: number
}

/**
 * Reads all pages. `isComplete` is false if the limit was reached or a cursor repeated; absence is then inconclusive.
 */
export async function scanPages<T, C>({
  read,
  maxPages,
}: PageScan<T, C>): Promise<{ items: T[]; isComplete: boolean }> {
  const items: T[] = []
  let cursor: C | null = null
  for (let page = 0; page < maxPages; page++) {
    const { items: more, next }: { items: readonly T[]; next: C | null } = await read(cursor)
    // Individually, because a hundred thousand arguments of one call overflow the stack.
    for (const item of more) items.push(item)
    if (next === null) return { items, isComplete: true }
    if (next === cursor) break
    cursor = next
  }
  return { items, isComplete: false }
}
