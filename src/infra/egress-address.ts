import ipaddr from 'ipaddr.js'
import { isMetadataService, lastIpv4In } from './metadata-services.ts'

type Address = ReturnType<typeof ipaddr.parse>

/**
 * The network an address belongs to.
 * - `public`: routed on the internet.
 * - `internal`: private, loopback, unique-local, carrier-grade NAT, or a public IPv4 address behind NAT64.
 * - `special`: link-local, metadata services, multicast, tunnels (6to4, Teredo), reserved and unassigned addresses.
 */
export type AddressClass = 'public' | 'internal' | 'special'

const internalRanges: ReadonlySet<string> = new Set(['private', 'loopback', 'uniqueLocal', 'carrierGradeNat'])
/** The range that IANA assigns global unicast addresses from; RFC 4291. */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** RFC 6052. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/** Parses an address; IPv4-mapped IPv6 (`::ffff:10.0.0.1`) becomes the IPv4 address. Null if it is not an address. */
export function addressOf(text: string): Address | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text)
  const [, bare] = /^\[?([0-9a-fA-F.]*:[0-9a-fA-F:.]*)\]?$/.exec(text) ?? []
  // The URL parser normalizes IPv6 to hex; the library would misread `::10.0.0.1` as IPv4-mapped.
  if (bare === undefined || !URL.canParse(`http://[${bare}]`)) return null
  return ipaddr.process(new URL(`http://[${bare}]`).hostname.slice(1, -1))
}

export function classOf(address: Address): AddressClass {
  if (isMetadataService(address)) return 'special'
  const range: string = address.range()
  if (internalRanges.has(range)) return 'internal'
  if (address instanceof ipaddr.IPv4) return range === 'unicast' ? 'public' : 'special'
  if (address.match(nat64)) return classOf(lastIpv4In(address)) === 'public' ? 'internal' : 'special'
  return range === 'unicast' && address.match(globalUnicast) ? 'public' : 'special'
}
