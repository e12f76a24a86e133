import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.parse>

/**
 * Where clouds hand credentials to whoever asks from inside. Most use 169.254.169.254, which Amazon, Azure, Google,
 * Huawei, Naver, Oracle, IBM, OpenStack and others share; some are public, carrier-grade or unique-local addresses.
 */
const ipv4: ReadonlySet<string> = new Set([
  '169.254.169.254',
  // Amazon: tasks of ECS, pods of EKS.
  '169.254.170.2',
  '169.254.170.23',
  // Tencent, Scaleway.
  '169.254.0.23',
  '169.254.42.42',
  // Oracle Cloud Classic.
  '192.0.0.192',
  // Azure's WireServer.
  '168.63.129.16',
  // Alibaba, Volcengine, UCloud.
  '100.100.100.200',
  '100.96.0.96',
  '100.80.80.80',
])

const ipv6 = [
  // Amazon: all of its services at a link (254 metadata, 23 pods of EKS, 240 and 250 licences).
  'fd00:ec2::/32',
  // Google.
  'fd20:ce::/64',
  // Oracle.
  'fd00:c1::a9fe:a9fe/128',
  // Akamai (Linode).
  'fd00:a9fe:a9fe::/64',
  // Scaleway.
  'fd00:42::42/128',
  // Alibaba.
  'fd00:100::100:200/128',
].map((range) => ipaddr.IPv6.parseCIDR(range))

/** Also where the last four bytes of an IPv6 address are one: a NAT64 of its own, ISATAP. */
export function isMetadataService(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return ipv4.has(address.toString())
  return ipv6.some((range) => address.match(range)) || ipv4.has(lastIpv4In(address).toString())
}

/** Where RFC 6052 puts the IPv4 address under a prefix of 96 bits. */
export function lastIpv4In(address: Address): Address {
  return ipaddr.fromByteArray(address.toByteArray().slice(-4))
}
