import { describe, expect, it } from 'vitest'
import { certificatesIn, periodError } from '../../../src/connections/certificates.ts'
import { hasOpenssl, makeCertificateAuthority, opensslSkipped } from '../../support/certificate-authority.ts'

const dayMs = 86_400_000

describe.skipIf(!hasOpenssl)(`certificate validity${opensslSkipped}`, () => {
  it.each([
    ['before', -1, 'is not valid before'],
    ['after', 31, 'expired at'],
  ] as const)('excludes the day %s the period', (_when, days, detail) => {
    const found = certificatesIn(makeCertificateAuthority().certificate)
    const [certificate] = 'code' in found ? [] : found
    if (certificate === undefined) throw new Error('There is no certificate.')
    const at = new Date(certificate.validFromDate.getTime() + days * dayMs)
    expect(periodError(certificate, at)).toMatchObject({
      code: 'certificate_expired',
      detail: expect.stringContaining(detail),
    })
    expect(periodError(certificate, new Date(certificate.validFromDate.getTime() + dayMs))).toBeNull()
  })
})
