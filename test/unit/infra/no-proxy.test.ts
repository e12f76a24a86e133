import { describe, expect, it } from 'vitest'
import { parseNoProxy } from '../../../src/infra/proxy-server.ts'

describe('proxy bypass list', () => {
  it.each([
    ['*', 'api.example.com', 443, true],
    ['example.com', 'example.com', 443, true],
    ['example.com', 'API.Example.com.', 443, true],
    ['example.com', 'notexample.com', 443, false],
    ['.example.com', 'api.example.com', 443, true],
    ['.example.com', 'example.com', 443, false],
    ['*.example.com', 'api.example.com', 443, true],
    ['example.com:8443', 'api.example.com', 8443, true],
    ['example.com:8443', 'api.example.com', 443, false],
    ['10.0.0.0/8', '10.1.2.3', 443, true],
    ['10.0.0.0/8', '11.1.2.3', 443, false],
    ['169.254.0.0/16', '169.254.1.1', 443, true],
    ['10.1.2.3', '10.1.2.3', 443, true],
    ['10.1.2.3:80', '10.1.2.3', 443, false],
    ['fd00::/8', 'fd00::5', 443, true],
    ['[fd00::5]:8000', '[fd00::5]', 8000, true],
    ['fd00::5', '[fd00::5]', 8000, true],
    ['', 'localhost', 80, true],
    ['', '127.0.0.1', 80, true],
    ['', '[::1]', 80, true],
    ['', 'api.example.com', 443, false],
  ])('matches the entry %j with %s port %d: %s', (entry, host, port, isBypassed) => {
    const entries = entry === '' ? [] : [entry]
    expect(parseNoProxy(entries)({ host, port })).toBe(isBypassed)
  })

  it('rejects an invalid entry by name', () => {
    expect(() => parseNoProxy(['10.0.0'])).toThrow('"10.0.0" is no host')
  })
})
