import ipaddr from 'ipaddr.js'

type Address = ReturnType<typeof ipaddr.parse>

/**
 * Cloud metadata services, which hand out credentials to local clients. Most use 169.254.169.254 (Amazon, Azure,
 * Google, Huawei, Naver, Oracle, IBM, OpenStack and others); some use public, carrier-grade NAT or unique-local
 * addresses.
 */
const ipv4: ReadonlySet<string> = new Set([
  '169.254.169.254',
  // Amazon: ECS tasks, EKS pods.
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
  // Amazon: all link services (254 metadata, 23 EKS pods, 240 and 250 licenses).
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

/** Also detects metadata addresses in the last four bytes of an IPv6 address: network-specific NAT64, ISATAP. */
export function isMetadataService(address: Address): boolean {
  if (address instanceof ipaddr.IPv4) return ipv4.has(address.toString())
  return ipv6.some((range) => address.match(range)) || ipv4.has(lastIpv4In(address).toString())
}

/** The position of the IPv4 address under a 96-bit prefix in RFC 6052. */
export function lastIpv4In(address: Address): Address {
  return ipaddr.fromByteArray(address.toByteArray().slice(-4))
}
