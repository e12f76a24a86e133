/** How many hands each connection may keep busy, so that one that is slow leaves the others theirs. */
export interface Bulkhead {
  /** Takes a place; false where the connection has none left. */
  enter(connectionId: string): boolean
  leave(connectionId: string): void
  /** The connections that have no place left. */
  full(): readonly string[]
}

export function makeBulkhead(mostPerConnection: number): Bulkhead {
  const busy = new Map<string, number>()
  return {
    enter(connectionId) {
      const count = busy.get(connectionId) ?? 0
      if (count >= mostPerConnection) return false
      busy.set(connectionId, count + 1)
      return true
    },
    leave(connectionId) {
      const left = (busy.get(connectionId) ?? 1) - 1
      if (left > 0) busy.set(connectionId, left)
      else busy.delete(connectionId)
    },
    full: () => [...busy].filter(([, count]) => count >= mostPerConnection).map(([connectionId]) => connectionId),
  }
}
