import { addressOf } from './egress-address.ts'
import { isLoopbackName } from './egress-decision.ts'
import { addressMatches, allowsName, type Destination, type EgressRules, parseEgressRules } from './egress-rules.ts'

/** A proxy to tunnel through. Its credentials never appear in an error. */
export interface ProxyServer {
  origin: string
  hostname: string
  /** Value of `Proxy-Authorization`. */
  authorization?: string
}

export interface ProxyUrl {
  /** `http://` or `https://`, host and port, without user and password. */
  url: string
  username?: string | undefined
  password?: string | undefined
}

/** The operator's proxy for outgoing requests. */
export interface EgressProxySettings extends ProxyUrl {
  /** Destinations that are called directly. */
  noProxy: readonly string[]
}

export function proxyServerOf({ url, username, password }: ProxyUrl): ProxyServer {
  const { origin, hostname } = new URL(url)
  if (username === undefined && password === undefined) return { origin, hostname }
  const pair = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64')
  return { origin, hostname, authorization: `Basic ${pair}` }
}

/**
 * Parses a list of destinations that are called directly: `*`, a name (also matches the names below it), `.domain` or
 * `*.domain` (only the names below it), an address, a CIDR range; `:port` after all but ranges. Ranges match addresses in
 * URLs; names are not resolved for it.
 *
 * @throws an error that names the invalid entry
 */
export function parseNoProxy(entries: readonly string[]): (destination: Destination) => boolean {
  const rules = parseEgressRules(entries.filter((entry) => entry !== '*').flatMap(spelledOut))
  const isForAll = entries.includes('*')
  return (destination) => isForAll || isLoopback(destination) || matches(rules, destination)
}

function matches(rules: EgressRules, destination: Destination): boolean {
  return allowsName(rules, destination) || addressMatches(rules, destination)
}

/** A proxy would connect to its own machine. */
function isLoopback({ host }: Destination): boolean {
  return isLoopbackName(host) || addressOf(host)?.range() === 'loopback'
}

function spelledOut(entry: string): readonly string[] {
  if (entry.startsWith('.')) return [`*${entry}`]
  const isName = !entry.startsWith('*') && !entry.includes('/') && addressOf(entry.replace(/:\d+$/, '')) === null
  return isName && !entry.startsWith('[') && addressOf(entry) === null ? [entry, `*.${entry}`] : [entry]
}
