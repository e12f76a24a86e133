import ipaddr from 'ipaddr.js'
import { addressOf, classOf } from './egress-address.ts'

/** The destination of a request. `port` is the port to connect to. */
export interface Destination {
  host: string
  port: number
}

interface NameRule {
  /** In lower case, without the leading `*.` of a wildcard rule. */
  name: string
  isForAllBelow: boolean
  port: number | null
}

interface RangeRule {
  range: [ReturnType<typeof ipaddr.parse>, number]
  isOneAddress: boolean
  port: number | null
}

export interface EgressRules {
  readonly names: readonly NameRule[]
  readonly ranges: readonly RangeRule[]
}

/**
 * Parses an allow-list: `host`, `*.domain`, address, CIDR range; `:port` after the first three (IPv6 in brackets).
 *
 * @throws an error that names the invalid entry
 */
export function parseEgressRules(entries: readonly string[]): EgressRules {
  const rules = entries.map(parseRule)
  return {
    names: rules.flatMap((rule) => ('name' in rule ? [rule] : [])),
    ranges: rules.flatMap((rule) => ('range' in rule ? [rule] : [])),
  }
}

export function allowsName({ names }: EgressRules, { host, port }: Destination): boolean {
  const bare = withoutRootDot(host)
  return names.some(
    (rule) =>
      (rule.port === null || rule.port === port) &&
      (rule.isForAllBelow ? bare.endsWith(`.${rule.name}`) : bare === rule.name),
  )
}

/** Ranges exclude special addresses (link-local, metadata services and others), which must be listed individually. */
export function allowsAddress(rules: EgressRules, destination: Destination): boolean {
  const address = addressOf(destination.host)
  if (address === null) return false
  const isSpecial = classOf(address) === 'special'
  return rangesOf(rules, destination).some(({ isOneAddress }) => isOneAddress || !isSpecial)
}

/** Whether the host is an address in one of the ranges, whatever its class. */
export function addressMatches(rules: EgressRules, destination: Destination): boolean {
  return rangesOf(rules, destination).length > 0
}

function rangesOf({ ranges }: EgressRules, { host, port }: Destination): readonly RangeRule[] {
  const address = addressOf(host)
  if (address === null) return []
  return ranges.filter(
    (rule) =>
      (rule.port === null || rule.port === port) &&
      address.kind() === rule.range[0].kind() &&
      address.match(rule.range),
  )
}

export function withoutRootDot(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}

function parseRule(entry: string): NameRule | RangeRule {
  const text = entry.trim().toLowerCase()
  const cidr = cidrOf(text)
  if (cidr !== null) return { range: cidr, isOneAddress: cidr[1] === widthOf(cidr[0]), port: null }
  const complete = addressOf(text)
  if (complete !== null) return oneAddress(complete, null)
  const [, host = '', digits] = /^(.*?)(?::(\d{1,5}))?$/.exec(text) ?? []
  const port = digits === undefined ? null : Number(digits)
  const address = addressOf(host)
  if (address !== null && isPort(port)) return oneAddress(address, port)
  const name = host.replace(/^\*\./, '')
  if (!isPort(port) || !isName(name)) throw notARule(entry)
  return { name: withoutRootDot(name), isForAllBelow: host !== name, port }
}

function oneAddress(address: ReturnType<typeof ipaddr.parse>, port: number | null): RangeRule {
  return { range: [address, widthOf(address)], isOneAddress: true, port }
}

function widthOf(address: ReturnType<typeof ipaddr.parse>): number {
  return address.kind() === 'ipv4' ? 32 : 128
}

function isPort(port: number | null): boolean {
  return port === null || (port >= 1 && port <= 65_535)
}

/** The last label must not be numeric: `10.0.0` is a mistyped address. */
function isName(name: string): boolean {
  return /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?\.)*[a-z_][a-z0-9_-]*\.?$/.test(name)
}

function notARule(entry: string): Error {
  return new Error(
    `"${entry}" is no host, *.domain, address or CIDR range. Examples: hub.example.org, *.example.org, 10.1.2.3:6820, 10.0.0.0/8, [fd00::1]:8000, fd00::/8.`,
  )
}

/** Requires a complete address: the library would parse `10/8` as 0.0.0.10. */
function cidrOf(text: string): RangeRule['range'] | null {
  const [address = '', length = ''] = text.split('/', 2)
  if (addressOf(address) === null || !/^\d{1,3}$/.test(length)) return null
  try {
    return ipaddr.parseCIDR(text)
  } catch {
    return null
  }
}
