import type { ProviderError } from '../../providers/provider-error.ts'
import type { Kind } from '../../vocabulary/kinds.ts'
import type { Change, Facts } from '../kind.ts'
import type { Workload, WorkloadError } from '../workload.ts'
import { isRetryable, waitingReason } from './failure-policy.ts'
import { after, backoffMs } from './poll-intervals.ts'
import { cleanText } from './sanitize-observation.ts'

/** Maximum backoff. */
export const maxRetryMs = 300_000

/** Retries with backoff, or when the provider asks for it. */
export function retryLater<K extends Kind>(workload: Workload<K>, facts: Facts<K>, error: ProviderError): Change<K> {
  const waitMs = error.retryAfterMs ?? backoffMs(workload.failures, facts.pollIntervals.quickMs, maxRetryMs)
  const at = after(facts.now, waitMs)
  return {
    reason: waitingReason(error.code),
    message: cleanText(error.message),
    failures: workload.failures + 1,
    nextAttemptAt: at,
    dueAt: at,
  }
}

/** A failure as the record and the list of attempts show it. */
export function describeError(workload: Workload, error: ProviderError, pointer: string | undefined): WorkloadError {
  const { code, httpStatus, providerCode } = error
  const message = cleanText(error.message)
  const hasResponse = httpStatus !== undefined || providerCode !== undefined
  const provider = {
    id: workload.provider,
    ...(httpStatus === undefined ? {} : { httpStatus }),
    ...(providerCode === undefined ? {} : { code: providerCode }),
    ...(hasResponse ? { message } : {}),
  }
  const errors = pointer === undefined ? {} : { errors: [{ pointer, code, detail: message }] }
  return { code, message, retryable: isRetryable(code), ...errors, provider }
}
