import { type Api, type CallOptions, type CreateOptions, idempotencyKey } from '../api.ts'
import type { JobBatchCancelRequest, JobBatchCancelResult, JobBatchItem, JobBatchResult } from '../types.ts'

export interface JobBatches {
  /**
   * Submits up to 1,000 jobs in one request. Each is accepted or rejected separately: see `results`. A retry with the same
   * `idempotencyKey` and the same jobs in the same order submits only those that are missing.
   */
  submitBatch(jobs: readonly JobBatchItem[], options?: CreateOptions): Promise<JobBatchResult>
  /** Cancels the unfinished jobs that match a filter. Repeat it with `nextCursor` as `cursor` while there is one. */
  cancelBatch(request: JobBatchCancelRequest, options?: CallOptions): Promise<JobBatchCancelResult>
}

export function makeJobBatches(api: Api): JobBatches {
  return {
    submitBatch: (jobs, options = {}) =>
      api.call((http, init) => http.POST('/jobs/batch', { ...init, body: { jobs: [...jobs] } }), options, {
        headers: idempotencyKey(options),
      }),
    cancelBatch: (body, options) =>
      api.call((http, init) => http.POST('/jobs/batch-cancel', { ...init, body }), options, { isRepeatable: true }),
  }
}
