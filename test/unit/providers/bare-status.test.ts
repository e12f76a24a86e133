import { describe, expect, it } from 'vitest'
import { codeOfBareStatus } from '../../../src/providers/kit/bare-status.ts'
import { failureDecisionOf } from '../../../src/workloads/apply/failure-policy.ts'

describe('a status whose body is in no form that is documented', () => {
  it.each([400, 404, 405, 408, 409, 413, 429, 500, 502, 503, 504])(
    'of %i ends neither a create nor a wish',
    (status) => {
      const error = { code: codeOfBareStatus(status), notSent: false }
      expect(['find', 'again']).toContain(failureDecisionOf('create', error))
      expect(failureDecisionOf('control', error)).toBe('again')
    },
  )

  it('tells rejected credentials and missing rights', () => {
    expect([401, 403].map(codeOfBareStatus)).toEqual(['unauthenticated', 'permission_denied'])
  })
})
