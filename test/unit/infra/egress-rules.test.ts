import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeEgress } from '../../../src/infra/egress.ts'
import { addressOf, classOf } from '../../../src/infra/egress-address.ts'
import { allowsAddress, parseEgressRules } from '../../../src/infra/egress-rules.ts'

const rejectionOf = (url: string, ...allowed: string[]) =>
  makeEgress({ rules: parseEgressRules(allowed) }).denialOf(url)
const classes = (text: string) => {
  const address = addressOf(text)
  return address === null ? null : classOf(address)
}

describe('address class', () => {
  it.each([
    '8.8.8.8',
    '1.1.1.1',
    '172.15.255.255',
    '172.32.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '169.253.255.255',
    '223.255.255.255',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
  ])('%s is public', (address) => expect(classes(address)).toBe('public'))

  it.each([
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '100.64.0.1',
    '100.127.255.255',
    '::1',
    'fc00::1',
    'fdff::1',
    '::ffff:10.0.0.1',
    '::ffff:7f00:1',
    '64:ff9b::8.8.8.8',
  ])('%s is internal', (address) => expect(classes(address)).toBe('internal'))

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '169.254.169.254',
    '169.254.0.1',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '224.0.0.1',
    '239.255.255.255',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::10.0.0.1',
    'fe80::1',
    'fec0::1',
    'ff02::1',
    'fd00:ec2::254',
    '2001:db8::1',
    '2002:7f00:1::',
    '2001:0:7f00:1::',
    '64:ff9b::10.0.0.1',
    '64:ff9b::169.254.169.254',
    '64:ff9b:1::1',
    '::ffff:169.254.169.254',
    '::ffff:0:127.0.0.1',
    '5f00::1',
    '100::1',
    '4000::1',
  ])('%s is special', (address) => expect(classes(address)).toBe('special'))

  it.each(['', 'localhost', '10', '10.0.0', '0x7f.0.0.1', '010.0.0.1', '1.2.3.4.5', '1.2.3.256'])(
    '%j is invalid',
    (text) => expect(classes(text)).toBe(null),
  )

  it('is the same for an IPv4 address and its IPv6 form', () => {
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        expect(classes(`::ffff:${address}`)).toBe(classes(address))
      }),
    )
  })
})

describe('cloud metadata service', () => {
  it.each([
    ...['169.254.169.254', '169.254.170.2', '169.254.170.23', '169.254.0.23', '169.254.42.42', '192.0.0.192'],
    ...['168.63.129.16', '100.100.100.200', '100.96.0.96', '100.80.80.80', '::ffff:100.100.100.200'],
    ...[
      'fd00:ec2::254',
      'fd00:ec2::23',
      'fd00:ec2:0:0:0:0:0:fd',
      'fd20:ce::254',
      'FD20:00CE::FE',
      'fd00:c1::a9fe:a9fe',
    ],
    ...['fd00:a9fe:a9fe::1', 'fd00:42::42', 'fd00:100::100:200', 'fe80::a9fe:a9fe', '64:ff9b::a9fe:a9fe'],
    ...['fd12:3456::a9fe:a9fe', 'fd00::5efe:6464:64c8', '2606:4700:64::a9fe:a9fe'],
  ])('%s is allowed only by its exact address', (host) => {
    const ranges = ['0.0.0.0/0', '100.64.0.0/10', '::/0', 'fd00::/8', 'fc00::/7', 'fd00:ec2::/127', '64:ff9b::/96']
    const destination = { host, port: 443 }
    expect(classes(host)).toBe('special')
    expect(allowsAddress(parseEgressRules(ranges), destination)).toBe(false)
    expect(allowsAddress(parseEgressRules([`[${host}]`.replace(/^\[([\d.]+)\]$/, '$1')]), destination)).toBe(true)
  })

  it.each(['fd00:ec3::254', 'fd20:ce:1::254', 'fd00:c1::1', 'fd00:42::41', '100.100.100.201', '100.96.0.97'])(
    '%s, next to a metadata address, is allowed by a range',
    (host) => expect(allowsAddress(parseEgressRules(['fd00::/8', '100.64.0.0/10']), { host, port: 443 })).toBe(true),
  )
})

describe('client URL', () => {
  it.each([
    'https://api.example.com',
    'https://api.example.com:8443/base',
    'https://8.8.8.8',
    'https://[2606:4700::1]',
  ])('%s is accepted', (url) => expect(rejectionOf(url)).toBe(null))

  it.each([
    'http://api.example.com',
    'http://8.8.8.8',
    'https://127.0.0.1',
    'https://2130706433',
    'https://0x7f000001',
    'https://0177.0.0.1',
    'https://127.1',
    'https://[::1]',
    'https://[::ffff:127.0.0.1]',
    'https://[::ffff:a9fe:a9fe]/latest/meta-data',
    'https://10.1.2.3',
    'https://169.254.169.254',
    'https://localhost',
    'https://LOCALHOST.',
    'https://x.localhost:99',
    'https://１２７.0.0.1',
    'ftp://api.example.com',
    'https://user@api.example.com',
    'https://user:word@api.example.com',
    'not a url',
  ])('%s is rejected', (url) => expect(rejectionOf(url)).toEqual(expect.any(String)))

  it('is accepted for a listed host, over HTTP only on the listed port', () => {
    expect(rejectionOf('http://slurm.internal:6820', 'slurm.internal:6820')).toBe(null)
    expect(rejectionOf('http://slurm.internal:6821', 'slurm.internal:6820')).not.toBe(null)
    expect(rejectionOf('https://slurm.internal:6821', 'slurm.internal:6820')).toBe(null)
    expect(rejectionOf('http://HUB.example.org.', '*.example.org')).toBe(null)
    expect(rejectionOf('http://example.org', '*.example.org')).not.toBe(null)
    expect(rejectionOf('http://notexample.org', '*.example.org')).not.toBe(null)
    expect(rejectionOf('http://10.1.2.3', '10.0.0.0/8')).toBe(null)
    expect(rejectionOf('http://11.1.2.3', '10.0.0.0/8')).not.toBe(null)
    expect(rejectionOf('http://[fd00::5]:8000', '[fd00::5]:8000')).toBe(null)
    expect(rejectionOf('http://[fd00::5]:8001', '[fd00::5]:8000')).not.toBe(null)
    expect(rejectionOf('http://localhost:8000', '127.0.0.1')).toBe(null)
  })

  it('is accepted over HTTP for a name that may resolve to a listed range', () => {
    expect(rejectionOf('http://slurm.internal', '10.0.0.0/8')).toBe(null)
  })

  it('is not repeated in the rejection', () => {
    expect(rejectionOf('http://user:canary-word@10.0.0.1')).not.toContain('canary-word')
  })
})

describe('allow-list', () => {
  it('permits link-local and metadata addresses only individually', () => {
    const everything = parseEgressRules(['0.0.0.0/0', '::/0'])
    const at = (host: string) => ({ host, port: 80 })
    for (const host of ['169.254.169.254', '100.100.100.200', '224.0.0.1', 'fe80::1', 'fd00:ec2::254'])
      expect(allowsAddress(everything, at(host)), host).toBe(false)
    expect(allowsAddress(everything, at('10.0.0.1'))).toBe(true)
    expect(allowsAddress(parseEgressRules(['169.254.169.254']), at('169.254.169.254'))).toBe(true)
  })

  it.each([
    '10/8',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/8:80',
    'http://host',
    'host:0',
    'host:65536',
    '*',
    '*.*.org',
    'a b',
    'fd00::/129',
    '',
  ])('rejects the entry %j', (entry) => {
    expect(() => parseEgressRules([entry])).toThrow(/is no host/)
  })
})
