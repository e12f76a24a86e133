import { describe, expect, it } from 'vitest'
import type { ProviderErrorCode } from '../../../src/providers/provider-error.ts'
import { failureDecisionOf, isRetryable, waitingReason } from '../../../src/workloads/apply/failure-policy.ts'

const sent = (code: ProviderErrorCode) => ({ code, notSent: false })
const saysNothing = ['unavailable', 'timeout', 'outcome_unknown', 'bad_response', 'internal'] as const
const refused = ['invalid_request', 'permission_denied', 'not_found', 'unsupported'] as const
const later = ['unauthenticated', 'quota_exceeded', 'no_capacity', 'rate_limited'] as const
const all = [...saysNothing, ...refused, ...later, 'conflict'] as const

describe('a create that failed', () => {
  it.each([...saysNothing, 'conflict'] as const)('with %s may have made something, so it is looked for', (code) => {
    expect(failureDecisionOf('create', sent(code))).toBe('find')
  })

  it.each(saysNothing)('with %s, of which surely nothing was sent, is sent again', (code) => {
    expect(failureDecisionOf('create', { code, notSent: true })).toBe('again')
  })

  it.each(refused)('with %s ends the workload, and says that it is no use to repeat', (code) => {
    expect(failureDecisionOf('create', sent(code))).toBe('final')
    expect(isRetryable(code)).toBe(false)
  })

  it.each(later)('with %s is retried automatically', (code) => {
    expect(failureDecisionOf('create', sent(code))).toBe('again')
    expect(isRetryable(code)).toBe(true)
  })
})

it('a failed read never ends a workload', () => {
  for (const code of all) expect(['again', 'gone']).toContain(failureDecisionOf('read', sent(code)))
})

it('every failure that waits has a word for the client', () => {
  for (const code of all) expect(waitingReason(code)).toMatch(/^[a-z_]+$/)
})
