import { addressOf, classOf } from './egress-address.ts'
import { allowsAddress, allowsName, type Destination, type EgressRules, withoutRootDot } from './egress-rules.ts'

/** See `Egress.denialOf`. */
export function denialOf(rules: EgressRules, text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return 'It is not a URL.'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Only https and http are spoken here.'
  if (url.username !== '' || url.password !== '')
    return 'It holds a user or a password. Send those as credentials: a URL is shown and logged.'
  const isPlain = url.protocol === 'http:'
  return mayBeAllowed(rules, destinationOf(url), isPlain) ? null : notListed(isPlain)
}

/** Whether an address may be dialed for a destination requested by this name (or by the address itself). */
export function isAllowed(
  rules: EgressRules,
  destination: Destination,
  { host: address, isPlain }: { host: string; isPlain: boolean },
): boolean {
  const parsed = addressOf(address)
  if (parsed === null) return false
  if (allowsAddress(rules, { host: address, port: destination.port })) return true
  const found = classOf(parsed)
  if (allowsName(rules, destination)) return found !== 'special'
  return found === 'public' && !isPlain
}

/**
 * Whether a proxy may resolve a name that cannot be resolved here. Names that only an internal resolver knows must
 * be listed.
 */
export function isAllowedUnresolved(rules: EgressRules, destination: Destination, isPlain: boolean): boolean {
  return allowsName(rules, destination) || (!isPlain && !isInternalName(destination.host))
}

/** Resolvers and proxies differ in whether `169.254.169.254..` is a name. */
export function hasEmptyLabel(host: string): boolean {
  return addressOf(host) === null && withoutRootDot(host).split('.').includes('')
}

/** RFC 6761: these names always resolve to the local machine. */
export function isLoopbackName(host: string): boolean {
  const name = withoutRootDot(host)
  return name === 'localhost' || name.endsWith('.localhost')
}

/** Special-use domains (RFC 6761, 6762, 8375, ICANN's .internal), and those commonly used on private networks. */
const internalDomains: ReadonlySet<string> = new Set([
  ...['localhost', 'local', 'localdomain', 'localdomain6', 'internal', 'svc', 'home.arpa', 'test', 'invalid', 'onion'],
  ...['corp', 'home', 'intranet', 'lan', 'private'],
])

/** Metadata services with public names, which resolve inside a cloud only. */
const metadataNames: ReadonlySet<string> = new Set([
  ...['metadata.goog', 'metadata.tencentyun.com', 'api.metadata.cloud.ibm.com'],
  ...['metadata.platformequinix.com', 'metadata.packet.net'],
])

function isInternalName(host: string): boolean {
  const labels = withoutRootDot(host).split('.')
  return (
    labels.length === 1 ||
    metadataNames.has(labels.join('.')) ||
    internalDomains.has(labels.slice(-1).join('.')) ||
    internalDomains.has(labels.slice(-2).join('.'))
  )
}

function mayBeAllowed(rules: EgressRules, destination: Destination, isPlain: boolean): boolean {
  const { host, port } = destination
  if (addressOf(host) !== null) return isAllowed(rules, destination, { host, isPlain })
  if (hasEmptyLabel(host)) return false
  if (allowsName(rules, destination)) return true
  if (isLoopbackName(host)) return allowsLoopback(rules, port)
  // A range may contain the name's address; that is checked when the address is dialed.
  return !isPlain || rules.ranges.length > 0
}

function allowsLoopback(rules: EgressRules, port: number): boolean {
  return ['127.0.0.1', '::1'].some((host) => allowsAddress(rules, { host, port }))
}

function notListed(isPlain: boolean): string {
  return isPlain
    ? 'This installation calls it over https only, unless its operator lists it in EGRESS_ALLOW.'
    : 'This installation does not call addresses that are not public, unless its operator lists them in EGRESS_ALLOW.'
}

function destinationOf(url: URL): Destination {
  return { host: url.hostname, port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443) }
}
