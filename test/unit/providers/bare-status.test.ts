import { describe, expect, it } from 'vitest'
import { codeOfBareStatus } from '../../../src/providers/kit/bare-status.ts'
import { failureDecisionOf } from '../../../src/workloads/apply/failure-policy.ts'

describe('HTTP status without a documented body', () => {
  it.each([400, 404, 405, 408, 409, 413, 429, 500, 502, 503, 504])(
    'settles neither a create nor an action with %i',
    (status) => {
      const error = { code: codeOfBareStatus(status), notSent: false }
      expect(['find', 'again']).toContain(failureDecisionOf('create', error))
      expect(failureDecisionOf('control', error)).toBe('again')
    },
  )

  it('identifies rejected credentials and missing permissions', () => {
    expect([401, 403].map(codeOfBareStatus)).toEqual(['unauthenticated', 'permission_denied'])
  })
})
