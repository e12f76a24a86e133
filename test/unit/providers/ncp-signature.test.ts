import { describe, expect, it } from 'vitest'
import { ncpHeaders, ncpSignature } from '../../../src/providers/vendors/ncp/signature.ts'

const keys = { accessKey: 'EXAMPLEACCESSKEY0001', secretKey: 'exampleSecretKeyForUnitTestsOnly00000001' }
const timestampMs = 1_700_000_000_000
const sign = (method: string, target: string, at = timestampMs) =>
  ncpSignature({ method, target, timestampMs: at }, keys)

describe('NCP signature v2', () => {
  it.each([
    ['POST', '/api/v2/aiapps/submit', 'DlX31EfmIpjiSxaiQ/d2smF9XfbbTkWeWYDikAz8N9E='],
    ['POST', '/api/v2/aiworkspaces/create', 'kLk3B2qodceXFvCqgxhHO4zyMnjnqdj+jTbMxQ3v4HE='],
    ['GET', '/api/v1/services', 'g4wTYomzb7maPd5EmOLZxiVtm9G3j1LgmG6D2dH8mng='],
    ['get', '/api/v1/services', 'g4wTYomzb7maPd5EmOLZxiVtm9G3j1LgmG6D2dH8mng='],
  ])('matches the known value for %s %s', (method, target, signature) => {
    expect(sign(method, target)).toBe(signature)
  })

  it.each([
    ['a trailing line feed', '/api/v1/services', 'a7mN3+6LV6oE/NXOe1wgcorK4eK0CsuT8tVhxNLIQPQ='],
    ['a dropped prefix', '/api/v1/services', 'Dy0oSMMWJ6SLZ1V7+7gu8qqLTyKqhp8BEabSx+EDbOY='],
    ['a timestamp in seconds', '/api/v1/services', 'Y0JSt/Ujml/YGKjgCeOofk02vMkZAqiwPjGOvqFPDKw='],
    ['a dropped query', '/api/v1/services?offset=0&limit=10', 'g4wTYomzb7maPd5EmOLZxiVtm9G3j1LgmG6D2dH8mng='],
    ['a re-ordered query', '/api/v1/services?offset=0&limit=10', '/nSlbxFqkuG/gJbO+dOevOKy1O5FC72QmJVdUY68tsg='],
  ])('differs from a signature with %s', (_error, target, wrong) => {
    expect(sign('GET', target)).not.toBe(wrong)
  })

  it('equals the wrong signatures for wrong input', () => {
    expect(sign('GET', '/services')).toBe('Dy0oSMMWJ6SLZ1V7+7gu8qqLTyKqhp8BEabSx+EDbOY=')
    expect(sign('GET', '/api/v1/services', 1_700_000_000)).toBe('Y0JSt/Ujml/YGKjgCeOofk02vMkZAqiwPjGOvqFPDKw=')
    expect(sign('GET', '/api/v1/services?limit=10&offset=0')).toBe('/nSlbxFqkuG/gJbO+dOevOKy1O5FC72QmJVdUY68tsg=')
  })

  it('is sent in three headers with the signed timestamp', () => {
    expect(ncpHeaders({ method: 'GET', target: '/api/v1/services', timestampMs }, keys)).toEqual({
      'x-ncp-apigw-timestamp': '1700000000000',
      'x-ncp-iam-access-key': 'EXAMPLEACCESSKEY0001',
      'x-ncp-apigw-signature-v2': 'g4wTYomzb7maPd5EmOLZxiVtm9G3j1LgmG6D2dH8mng=',
    })
  })
})
