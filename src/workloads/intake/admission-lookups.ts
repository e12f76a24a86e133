import { type BatcherOptions, makeBatcher } from '../../infra/batcher.ts'
import { isTransientError } from '../../infra/database-errors.ts'
import { type AdmissionRepository, type KeyHolder, type KeyName, nameOfKey } from './admission.repository.ts'

type Lookups = Pick<AdmissionRepository, 'recordedAt' | 'keyHolders'>

/**
 * What is looked up for requests that recorded nothing. Concurrent lookups share a statement: a repeated batch asks for
 * each of its jobs.
 */
export function makeAdmissionLookups(repository: Lookups, maxItems: number) {
  const common = { concurrency: 2, maxItems, isDataError: () => false, isTransient: isTransientError }
  const sharing = <I, O>(flush: BatcherOptions<I, O>['flush']) => makeBatcher<I, O>({ ...common, flush })
  return {
    /** When this workload was recorded; null = it was not. */
    recordedAt: sharing<string, Date | null>(async (ids) => {
      const recorded = await repository.recordedAt(ids)
      return ids.map((id) => recorded.get(id) ?? null)
    }),

    /** The workload that holds this key now; null = the key is new. */
    currentHolder: sharing<KeyName, KeyHolder | null>(async (keys) => {
      const holders = await repository.keyHolders(keys.map(({ projectId, kind, hash }) => ({ projectId, kind, hash })))
      return keys.map((key) => holders.get(nameOfKey(key)) ?? null)
    }),
  }
}
