import { makeBatcher } from '../infra/batcher.ts'
import type { Kind } from '../vocabulary/kinds.ts'
import type { Known, ReadsRepository } from '../workloads/store/reads.repository.ts'
import type { Workload } from '../workloads/workload.ts'

/** Reads for waiting requests: concurrent reads share one statement, which returns only what has changed. */
export interface Rereads {
  /** The current record; `last` itself if it has not changed since. Null if it does not exist in the project. */
  read<K extends Kind>(
    target: { projectId: string; kind: K; id: string },
    last: Workload<K> | null,
  ): Promise<Workload<K> | null>
}

const maxConcurrent = 1000
/** Older than any version. */
const unread = { version: -1, observedGeneration: -1 }

export function makeRereads(
  { changedSince }: Pick<ReadsRepository, 'changedSince'>,
  isTransient: (error: unknown) => boolean,
): Rereads {
  const changedOf = makeBatcher<Known, Workload | undefined>({
    // One at a time: reads that arrive during a statement share the next one.
    concurrency: 1,
    maxItems: maxConcurrent,
    isDataError: () => false,
    isTransient,
    async flush(items) {
      const distinct = new Map(items.map((item) => [`${item.id} ${item.version} ${item.observedGeneration}`, item]))
      const found = await changedSince([...distinct.values()])
      return items.map((item) => changed(found.get(item.id), item))
    },
  })

  return {
    async read<K extends Kind>(
      { projectId, kind, id }: { projectId: string; kind: K; id: string },
      last: Workload<K> | null,
    ): Promise<Workload<K> | null> {
      const { version, observedGeneration } = last ?? unread
      const found = await changedOf({ id, version, observedGeneration })
      if (found === undefined) return last
      return found.projectId === projectId && found.kind === kind ? (found as Workload<K>) : null
    },
  }
}

/** Another request may know an older state. */
function changed(found: Workload | undefined, { version, observedGeneration }: Known): Workload | undefined {
  return found?.version === version && found.observedGeneration === observedGeneration ? undefined : found
}
