import { describe, expect, it } from 'vitest'
import { webLink, webUrl } from '../../../src/providers/kit/web-url.ts'
import { badAddresses } from '../../support/bad-addresses.ts'

describe('the address that a provider gives', () => {
  it.each([...badAddresses, '', '/user/ada/', '//example.com', 'example.com:22'])('is refused: %j', (text) => {
    expect(() => webUrl(text)).toThrow(expect.objectContaining({ name: 'ProviderError', code: 'bad_response' }))
  })

  it.each(badAddresses)('is refused beside a base: %j', (text) => {
    expect(() => webUrl(text, 'https://hub.example.com')).toThrow(expect.objectContaining({ code: 'bad_response' }))
  })

  it('may be a path of a base, or a URL of http or https, and is handed on as it is written', () => {
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
