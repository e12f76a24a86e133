import { ApiError } from '../vocabulary/api-error.ts'
import type { SubmissionBody } from '../workloads/intake/submission.ts'

/** A valid job of a batch, as sent. */
export type BatchItem = SubmissionBody<'job'> & { idempotencyKey?: string }

/** A job of a batch with its idempotency key, or why it is rejected. */
export type KeyedItem =
  | { index: number; body: SubmissionBody<'job'>; key: string | null; hasOwnKey: boolean }
  | { index: number; error: ApiError }

/** The item's own key, or one derived from that of the batch. The key is not part of the job. */
export function withKey({ idempotencyKey, ...body }: BatchItem, index: number, batchKey: string | null): KeyedItem {
  const derived = batchKey === null ? null : `${batchKey}/${index}`
  return { index, body, key: idempotencyKey ?? derived, hasOwnKey: idempotencyKey !== undefined }
}

/** Rejects items with the key of an earlier one: the first of them may fail, so the others would have no record. */
export function rejectRepeatedKeys(items: readonly KeyedItem[]): KeyedItem[] {
  const firstWith = new Map<string, number>()
  return items.map((item) => {
    if ('error' in item || item.key === null) return item
    const first = firstWith.get(item.key)
    if (first !== undefined) return { index: item.index, error: repeatedKey(item, item.key, first) }
    firstWith.set(item.key, item.index)
    return item
  })
}

function repeatedKey(
  { index, hasOwnKey }: { index: number; hasOwnKey: boolean },
  key: string,
  first: number,
): ApiError {
  const pointer = hasOwnKey ? `/jobs/${index}/idempotencyKey` : `/jobs/${index}`
  const what = hasOwnKey ? `${pointer} is ${key}` : `${pointer} has the key ${key} from the Idempotency-Key header`
  const detail = `${what}, which is also the key of job ${first} of this batch. Use each key once in a batch.`
  return new ApiError('invalid_request', detail, { errors: [{ in: 'body', pointer, code: 'unique', detail }] })
}
