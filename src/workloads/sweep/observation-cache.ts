import { hash } from 'node:crypto'
import type { Observation } from '../../providers/provider.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Workload } from '../workload.ts'
import type { Watched } from './sweeps.repository.ts'

/**
 * What the last scan of a list showed of each workload and told nothing new. The same again is neither compared with its
 * record nor read: a scan costs what has changed. Kept in memory; a worker that knows nothing compares everything once.
 */
export interface ObservationCache {
  isKnown(item: Watched, seen: Observation): boolean
  /** Notes an observation that changed nothing of the workload as it is now. */
  note(workload: Workload, seen: Observation): void
  /** Forgets all but these workloads. */
  keep(ids: ReadonlySet<string>): void
}

/** A list that another worker scans by now, or nobody any more, is forgotten after this time. */
const keptMs = 3_600_000

export function makeObservationCaches(nowMs: () => number = () => performance.now()) {
  /** Those first that were used longest ago. */
  const byList = new Map<string, { cache: ObservationCache; usedAtMs: number }>()

  function forgetOld(): void {
    for (const [list, { usedAtMs }] of byList) {
      if (usedAtMs >= nowMs() - keptMs) return
      byList.delete(list)
    }
  }

  return {
    of(connectionId: string, kind: Kind): ObservationCache {
      forgetOld()
      const list = `${connectionId}/${kind}`
      const cache = byList.get(list)?.cache ?? makeCache()
      byList.delete(list)
      byList.set(list, { cache, usedAtMs: nowMs() })
      return cache
    },
    /** Nothing of this list is watched any more. */
    forget: (connectionId: string, kind: Kind) => void byList.delete(`${connectionId}/${kind}`),
  }
}

function makeCache(): ObservationCache {
  // One string for each, since there are very many.
  const known = new Map<string, string>()
  return {
    isKnown({ id, version, missingSince }, seen) {
      const noted = known.get(id)
      return noted !== undefined && missingSince === null && noted === digestOf(version, seen)
    },
    note(workload, seen) {
      if (isSettled(workload)) known.set(workload.id, digestOf(workload.version, seen))
    },
    keep(ids) {
      for (const id of known.keys()) if (!ids.has(id)) known.delete(id)
    },
  }
}

/** While an action is fresh, or a failed one is waited for, what an observation means depends on the time. */
function isSettled({ nextAttemptAt, lastActionAt, failures, missingSince }: Workload): boolean {
  return nextAttemptAt === null && lastActionAt === null && failures === 0 && missingSince === null
}

/** Of everything but the payload, which alone is no news: JSON leaves out what is made when it is asked for. */
function digestOf(version: number, seen: Observation): string {
  // A moment as a number: as text it costs as much as the rest.
  const moments = { startedAt: seen.startedAt?.getTime(), endedAt: seen.endedAt?.getTime() }
  return hash('sha1', JSON.stringify({ ...seen, ...moments, version }), 'base64')
}
