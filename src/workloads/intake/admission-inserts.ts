import { type BatcherOptions, makeBatcher } from '../../infra/batcher.ts'
import { isDataError, isTransientError } from '../../infra/database-errors.ts'
import { type AdmissionRepository, HeldObjectError, type NewWorkload } from './admission.repository.ts'
import type { OverQuota } from './quota.ts'

export interface InsertDeps {
  repository: AdmissionRepository
  concurrency: number
  maxBatch: number
  /** Maximum workloads in a statement of a batch request; absent = `maxBatch`. */
  maxBulk?: number
}

/** When a workload was recorded, or why not; null = its key is held, or its connection is deleted. */
export type Outcome = Date | 'limited' | OverQuota | null

/** Records a workload, in one statement with others. */
export type Insert = (workload: NewWorkload) => Promise<Outcome>

const maxLimited = 10_000

/** Inserts of single requests and of batch requests, each with and without a quota. */
export function makeInserts({ repository, concurrency, maxBatch, maxBulk = maxBatch }: InsertDeps): {
  single: Insert
  bulk: Insert
} {
  /** Projects that recently had a quota. Counting without a quota is only slower. */
  const limited = new Set<string>()

  function insertOf(limits: Limits): Insert {
    const freely = batcherOf(limits, (workloads) => repository.insert(workloads))
    // One at a time: a second statement would wait for the projects that the first has locked.
    const withinQuota = batcherOf({ ...limits, concurrency: 1 }, (workloads) => repository.insertWithinQuota(workloads))
    /** Projects without a quota pay nothing for it: the insert reports if one must be checked. */
    return async (workload) => {
      const { projectId } = workload
      // An import is rare, and needs a transaction as well.
      if (workload.object !== undefined) return withinQuota(workload)
      const free = limited.has(projectId) ? 'limited' : await freely(workload)
      if (free !== 'limited') return free
      if (limited.size >= maxLimited) limited.clear()
      limited.add(projectId)
      return withinQuota(workload)
    }
  }

  return {
    single: insertOf({
      concurrency,
      maxItems: maxBatch,
      // Leaves half of each statement to other projects.
      keyOf: ({ projectId }) => projectId,
      maxPerKey: Math.ceil(maxBatch / 2),
    }),
    // Separate, so that single requests do not wait for large ones; one at a time, so that these leave connections.
    bulk: insertOf({ concurrency: 1, maxItems: maxBulk }),
  }
}

type Limits = Pick<BatcherOptions<NewWorkload, Outcome>, 'concurrency' | 'maxItems' | 'keyOf' | 'maxPerKey'>

function batcherOf(
  limits: Limits,
  insertAll: (workloads: readonly NewWorkload[]) => Promise<Map<string, Outcome>>,
): Insert {
  return makeBatcher<NewWorkload, Outcome>({
    ...limits,
    isDataError: (error) => isDataError(error) || error instanceof HeldObjectError,
    isTransient: isTransientError,
    flush: async (workloads) => {
      const inserted = await insertAll(workloads)
      return workloads.map((item) => inserted.get(item.id) ?? null)
    },
  })
}
