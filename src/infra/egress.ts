import type dns from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { makeBoundedLookup } from './bounded-lookup.ts'
import { addressOf, classOf } from './egress-address.ts'
import { allowsAddress, allowsName, type Destination, type EgressRules, withoutRootDot } from './egress-rules.ts'

/** An error code in the style of `net`, so that callers can identify denied connections. */
export const egressDeniedCode = 'EGRESS_NOT_ALLOWED'

/** The egress policy for requests to URLs from clients, such as those of connections and webhooks. */
export interface Egress {
  /**
   * The reason why a URL is denied, based on its text; null if it may be tried. Resolves no names, so that the result
   * does not reveal which internal names exist.
   */
  refusalOf(url: string): string | null
  /**
   * Opens the sockets of one undici agent. A name is resolved once per connection, and only allowed addresses of the
   * result are dialed, which prevents DNS rebinding. Fails with `egressDeniedCode` before anything is sent.
   */
  connector(timeoutMs: number): buildConnector.connector
}

interface Deps {
  rules: EgressRules
  /** Default: the system resolver, with a limited number of concurrent lookups. */
  lookup?: LookupFunction
}

const maxNames = 3
/** Denials of names are delayed to a multiple of this, or of half the connection timeout if that is less. */
const refusalStepMs = 1000

/**
 * Default policy: https to public addresses. Listed names, addresses and ranges may also be private and use http.
 * Redirects are not followed: the HTTP client returns them as responses.
 */
export function makeEgress({ rules, lookup = makeBoundedLookup(maxNames) }: Deps): Egress {
  return {
    refusalOf: (url) => refusalOf(rules, url),
    connector: (timeoutMs) => makeConnector({ rules, lookup, timeoutMs }),
  }
}

function refusalOf(rules: EgressRules, text: string): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return 'It is not a URL.'
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Only https and http are spoken here.'
  if (url.username !== '' || url.password !== '')
    return 'It holds a user or a password. Send those as credentials: a URL is shown and logged.'
  const isPlain = url.protocol === 'http:'
  return mayBeAllowed(rules, destinationOf(url), isPlain) ? null : notListed(isPlain)
}

function mayBeAllowed(rules: EgressRules, destination: Destination, isPlain: boolean): boolean {
  const { host, port } = destination
  if (addressOf(host) !== null) return isAllowed(rules, destination, { host, isPlain })
  if (allowsName(rules, destination)) return true
  if (isLoopbackName(host)) return allowsLoopback(rules, port)
  // A range may contain the name's address; that is checked when the address is dialed.
  return !isPlain || rules.ranges.length > 0
}

/** RFC 6761: these names always resolve to the local machine. */
function isLoopbackName(host: string): boolean {
  const name = withoutRootDot(host)
  return name === 'localhost' || name.endsWith('.localhost')
}

function allowsLoopback(rules: EgressRules, port: number): boolean {
  return ['127.0.0.1', '::1'].some((host) => allowsAddress(rules, { host, port }))
}

function notListed(isPlain: boolean): string {
  return isPlain
    ? 'This installation calls it over https only, unless its operator lists it in EGRESS_ALLOW.'
    : 'This installation does not call addresses that are not public, unless its operator lists them in EGRESS_ALLOW.'
}

/** Whether an address may be dialed for a destination requested by this name (or by the address itself). */
function isAllowed(
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

type Connecting = Required<Deps> & { timeoutMs: number }

function makeConnector({ rules, lookup, timeoutMs }: Connecting): buildConnector.connector {
  // One per origin, because a lookup does not receive the port. An agent has few origins.
  const byOrigin = new Map<string, buildConnector.connector>()
  return (options, callback) => {
    const { protocol, hostname } = options
    const isPlain = protocol !== 'https:'
    const destination = { host: hostname, port: Number(options.port) || (isPlain ? 80 : 443) }
    // Addresses need no lookup.
    if (addressOf(hostname) !== null && !isAllowed(rules, destination, { host: hostname, isPlain })) {
      callback(refused(hostname), null)
      return
    }
    const origin = `${protocol}//${hostname}:${destination.port}`
    const known = byOrigin.get(origin)
    const isPermitted = (address: string) => isAllowed(rules, destination, { host: address, isPlain })
    const resolve = allowsName(rules, destination)
      ? guarded(lookup, isPermitted)
      : inSteps(guarded(withoutAbsence(lookup), isPermitted), Math.min(refusalStepMs, timeoutMs / 2))
    const connect = known ?? buildConnector({ timeout: timeoutMs, allowH2: false, lookup: resolve })
    if (known === undefined) byOrigin.set(origin, connect)
    connect(options, callback)
  }
}

/**
 * A resolver that returns no addresses for a name that does not exist, so that clients cannot probe which internal
 * names exist. Failures of the resolver itself are reported.
 */
function withoutAbsence(lookup: LookupFunction): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, options, (error, ...found) => {
      if (error?.code === 'ENOTFOUND') callback(null, [])
      else callback(error, ...found)
    })
  }
}

/**
 * A resolver that delays denials to fixed steps, because response times would reveal whether an internal name exists.
 */
function inSteps(lookup: LookupFunction, stepMs: number): LookupFunction {
  return (hostname, options, callback) => {
    const startedMs = performance.now()
    lookup(hostname, options, (error, ...found) => {
      if (error?.code !== egressDeniedCode) return callback(error, ...found)
      const leftMs = stepMs - ((performance.now() - startedMs) % stepMs)
      setTimeout(() => callback(error, ...found), leftMs)
    })
  }
}

/** A resolver that returns only permitted addresses. */
function guarded(lookup: LookupFunction, isPermitted: (address: string) => boolean): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const permitted = listOf(found).filter(({ address }) => isPermitted(address))
      const [first] = permitted
      if (error !== null) callback(error, [])
      else if (first === undefined) callback(refused(hostname), [])
      else if (options.all === true) callback(null, permitted)
      else callback(null, first.address, first.family)
    })
  }
}

function listOf(found: Parameters<Parameters<LookupFunction>[2]>[1] | undefined): readonly dns.LookupAddress[] {
  return typeof found === 'string' ? [{ address: found, family: isIP(found) }] : (found ?? [])
}

/** The message does not reveal the internal address of a name. */
function refused(hostname: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${hostname} is not an address that this installation calls`)
  error.code = egressDeniedCode
  return error
}

function destinationOf(url: URL): Destination {
  return { host: url.hostname, port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443) }
}
