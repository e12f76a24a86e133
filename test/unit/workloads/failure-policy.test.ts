import { describe, expect, it } from 'vitest'
import type { ProviderErrorCode } from '../../../src/providers/provider-error.ts'
import { failureDecisionOf, isRetryable, waitingReason } from '../../../src/workloads/apply/failure-policy.ts'

const sent = (code: ProviderErrorCode) => ({ code, notSent: false })
const inconclusive = ['unavailable', 'timeout', 'outcome_unknown', 'bad_response', 'internal'] as const
const rejected = ['invalid_request', 'permission_denied', 'not_found', 'unsupported'] as const
const retryable = ['unauthenticated', 'quota_exceeded', 'no_capacity', 'rate_limited'] as const
const all = [...inconclusive, ...rejected, ...retryable, 'conflict'] as const

describe('failed create', () => {
  it.each([...inconclusive, 'conflict'] as const)('is searched for after %s', (code) => {
    expect(failureDecisionOf('create', sent(code))).toBe('find')
  })

  it.each(inconclusive)('is retried after %s if nothing was sent', (code) => {
    expect(failureDecisionOf('create', { code, notSent: true })).toBe('again')
  })

  it.each(rejected)('ends the workload after %s, which is not retryable', (code) => {
    expect(failureDecisionOf('create', sent(code))).toBe('final')
    expect(isRetryable(code)).toBe(false)
  })

  it.each(retryable)('is retried automatically after %s', (code) => {
    expect(failureDecisionOf('create', sent(code))).toBe('again')
    expect(isRetryable(code)).toBe(true)
  })
})

it('a failed read never ends a workload', () => {
  for (const code of all) expect(['again', 'gone']).toContain(failureDecisionOf('read', sent(code)))
})

it('every failure code has a waiting reason', () => {
  for (const code of all) expect(waitingReason(code)).toMatch(/^[a-z_]+$/)
})
