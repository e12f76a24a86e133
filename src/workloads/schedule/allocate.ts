/** A connection over which something may be due. */
export interface Candidate {
  connectionId: string
  projectId: string
  /** Number of its workloads that may be claimed. */
  room: number
}

/**
 * Divides free slots round-robin: one at a time to each project, and within a project to each connection, until none is
 * left or none has room. Earlier candidates get the remainder. Pure.
 *
 * @returns slots per connection; connections without slots are absent
 */
export function allocate(free: number, candidates: readonly Candidate[]): Map<string, number> {
  const shares = new Map<string, number>()
  let projects = [...Map.groupBy(candidates, ({ projectId }) => projectId).values()].map((connections) =>
    connections.filter(({ room }) => room > 0).map(({ connectionId, room }) => ({ connectionId, room })),
  )
  let left = free
  while (left > 0) {
    projects = projects.filter((connections) => connections.length > 0)
    if (projects.length === 0) break
    for (const connections of projects.slice(0, left)) {
      const next = connections.shift()
      if (next === undefined) continue
      shares.set(next.connectionId, (shares.get(next.connectionId) ?? 0) + 1)
      if (next.room > 1) connections.push({ ...next, room: next.room - 1 })
      left -= 1
    }
  }
  return shares
}
