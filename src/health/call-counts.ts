import type { EndedCall } from '../providers/ended-call.ts'
import { codeOf } from '../providers/provider-error.ts'
import { isFailure, succeeded } from './call-codes.ts'
import { type FailedCall, type LastFailure, lastFailureOf } from './last-failure.ts'
import { bucketCount, bucketOf } from './latency.ts'

/** Calls of one operation over one connection that ended with the same code. */
export interface CallCount {
  connectionId: string
  operation: string
  code: string
  calls: number
  durationMs: number
  buckets: number[]
}

/** When calls over a connection last ended, by the monotonic clock of this process. */
export interface CallResult {
  connectionId: string
  succeededAtMs: number | null
  failedAtMs: number | null
  failure: LastFailure | null
}

export interface CountedCalls {
  counts: readonly CallCount[]
  results: readonly CallResult[]
}

/** Combinations of connection, operation and code, about 2 MB. More are possible only if nothing could be stored for long. */
const maxCounts = 10_000

/** Adds up calls in memory, so that a call costs no statement. */
export function makeCallCounts({ monotonicMs }: { monotonicMs(): number }) {
  let counts = new Map<string, CallCount>()
  let results = new Map<string, CallResult>()
  let failures = new Map<string, LastFailure>()

  function countOf(connectionId: string, operation: string, code: string): CallCount | null {
    const key = `${connectionId} ${operation} ${code}`
    const known = counts.get(key)
    if (known !== undefined) return known
    if (counts.size >= maxCounts) return null
    const fresh = { connectionId, operation, code, calls: 0, durationMs: 0, buckets: Array(bucketCount).fill(0) }
    counts.set(key, fresh)
    return fresh
  }

  function resultOf(connectionId: string): CallResult {
    const known = results.get(connectionId)
    if (known !== undefined) return known
    const fresh = { connectionId, succeededAtMs: null, failedAtMs: null, failure: null }
    results.set(connectionId, fresh)
    return fresh
  }

  /** Of equal failures, the message of the first is kept: removing secrets takes up to a millisecond. */
  function failureOf(failed: FailedCall, { connectionId, operation, code }: CallCount): LastFailure {
    const key = `${connectionId} ${operation} ${code}`
    const known = failures.get(key) ?? lastFailureOf(failed)
    failures.set(key, known)
    return known
  }

  return {
    add({ connectionId, operation, seconds, error, environmentVariables }: EndedCall): void {
      const code = error === undefined ? succeeded : codeOf(error)
      const count = countOf(connectionId, operation, code)
      if (count === null) return
      const ms = seconds * 1000
      const bucket = bucketOf(ms)
      count.calls += 1
      count.durationMs += ms
      count.buckets[bucket] = (count.buckets[bucket] ?? 0) + 1
      const result = resultOf(connectionId)
      if (code === succeeded) result.succeededAtMs = monotonicMs()
      else if (isFailure(code)) {
        result.failedAtMs = monotonicMs()
        result.failure = failureOf({ operation, error, environmentVariables }, count)
      }
    },

    /** Everything counted since the last time. */
    drain(): CountedCalls {
      const drained = { counts: [...counts.values()], results: [...results.values()] }
      counts = new Map()
      results = new Map()
      failures = new Map()
      return drained
    },

    /** Adds counts that could not be stored to the current ones. */
    restore(drained: CountedCalls): void {
      for (const each of drained.counts) addTo(countOf(each.connectionId, each.operation, each.code), each)
      for (const each of drained.results) {
        if (!results.has(each.connectionId) && results.size >= maxCounts) continue
        completeWith(resultOf(each.connectionId), each)
      }
    },
  }
}

function addTo(count: CallCount | null, { calls, durationMs, buckets }: CallCount): void {
  if (count === null) return
  count.calls += calls
  count.durationMs += durationMs
  count.buckets = count.buckets.map((each, index) => each + (buckets[index] ?? 0))
}

/** Newer results stay. */
function completeWith(result: CallResult, older: CallResult): void {
  result.succeededAtMs ??= older.succeededAtMs
  if (result.failedAtMs !== null) return
  result.failedAtMs = older.failedAtMs
  result.failure = older.failure
}
