import { hash } from 'node:crypto'
import type { Observation } from '../../providers/observation.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Workload } from '../workload.ts'
import type { Watched } from './sweeps.repository.ts'

/**
 * The last observation of each workload that a scan found unchanged. A repeat is neither compared nor read, so a scan
 * costs only what has changed. Kept in memory; after a start everything is compared once.
 */
export interface ObservationCache {
  isKnown(item: Watched, seen: Observation): boolean
  /** Caches an observation that did not change the current workload. */
  note(workload: Workload, seen: Observation): void
  /** Removes all workloads but these. */
  keep(ids: ReadonlySet<string>): void
}

/** A list that another worker scans by now, or none any longer, is dropped after this time. */
const retentionMs = 3_600_000

export function makeObservationCaches(nowMs: () => number = () => performance.now()) {
  /** Least recently used first. */
  const byList = new Map<string, { cache: ObservationCache; usedAtMs: number }>()

  function forgetOld(): void {
    for (const [list, { usedAtMs }] of byList) {
      if (usedAtMs >= nowMs() - retentionMs) return
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
    /** Called when nothing in this list is watched. */
    remove: (connectionId: string, kind: Kind) => void byList.delete(`${connectionId}/${kind}`),
  }
}

function makeCache(): ObservationCache {
  // One string per workload, since there may be very many.
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

/** After a recent action, or during backoff, the meaning of an observation depends on the time. */
function isSettled({ nextAttemptAt, lastActionAt, failures, missingSince }: Workload): boolean {
  return nextAttemptAt === null && lastActionAt === null && failures === 0 && missingSince === null
}

/** Digest without the payload, which alone is not a change. */
function digestOf(version: number, seen: Observation): string {
  // As numbers, because dates as text double the cost.
  const times = { startedAt: seen.startedAt?.getTime(), endedAt: seen.endedAt?.getTime() }
  return hash('sha1', JSON.stringify({ ...seen, ...times, version }), 'base64')
}
