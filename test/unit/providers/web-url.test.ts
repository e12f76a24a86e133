import { describe, expect, it } from 'vitest'
import { webLink, webUrl } from '../../../src/providers/kit/web-url.ts'
import { badAddresses } from '../../support/bad-addresses.ts'

describe('URL from a provider', () => {
  it.each([...badAddresses, '', '/user/ada/', '//example.com', 'example.com:22'])('is rejected: %j', (text) => {
    expect(() => webUrl(text)).toThrow(expect.objectContaining({ name: 'ProviderError', code: 'bad_response' }))
  })

  it.each(badAddresses)('is rejected with a base URL: %j', (text) => {
    expect(() => webUrl(text, 'https://hub.example.com')).toThrow(expect.objectContaining({ code: 'bad_response' }))
  })

  it('is accepted as a path of a base or as HTTP, and kept as written', () => {
    expect(webUrl('/user/ada/', 'https://hub.example.com/x').href).toBe('https://hub.example.com/user/ada/')
    expect(webUrl('//other.example.com/', 'https://hub.example.com').origin).toBe('https://other.example.com')
    const written = 'HTTP://Example.com/a?Signature=x%2By'
    expect(webLink('log', written)).toEqual([{ name: 'log', url: written }])
    expect(webLink('log', undefined)).toEqual([])
  })

  it('is not repeated in the error, since it may hold a secret', () => {
    expect(() => webUrl('ftp://example.com/?token=hush')).toThrow(/^(?!.*hush).*begins with ftp:/)
  })
})
