export interface PageScan<T, C> {
  read(cursor: C | null): Promise<{ items: readonly T[]; next: C | null }>
  /** The walk ends here, incomplete, however long the list is. */
  maxPages: number
}

/** Reads page after page. `isComplete` is false when the cap was hit or a cursor led back to itself: then absence proves nothing. */
export async function scanPages<T, C>({
  read,
  maxPages,
}: PageScan<T, C>): Promise<{ items: T[]; isComplete: boolean }> {
  const items: T[] = []
  let cursor: C | null = null
  for (let page = 0; page < maxPages; page++) {
    const { items: more, next }: { items: readonly T[]; next: C | null } = await read(cursor)
    // One by one: as arguments of one call, a hundred thousand overflow the stack.
    for (const item of more) items.push(item)
    if (next === null) return { items, isComplete: true }
    if (next === cursor) break
    cursor = next
  }
  return { items, isComplete: false }
}
