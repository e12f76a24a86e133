/** A connection over which something may be due. */
export interface Candidate {
  connectionId: string
  projectId: string
  /** How many more of its workloads may be taken. */
  room: number
}

/**
 * Divides free slots: one at a time to each project in turn, within a project to each of its connections in turn, until
 * none is left or nobody has room. Earlier candidates come first, so the caller's order decides who gets the remainder.
 * Pure.
 *
 * @returns how many slots each connection gets; connections that get none are absent
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
