import type dns from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { makeBoundedLookup } from './bounded-lookup.ts'
import { addressOf, classOf } from './egress-address.ts'
import { allowsAddress, allowsName, type Destination, type EgressRules, withoutRootDot } from './egress-rules.ts'

/** `net`'s own code style, so that whoever reports a failed connection can tell this one. */
export const egressDeniedCode = 'EGRESS_NOT_ALLOWED'

/** Where this installation sends requests on behalf of its clients. For connections, and whatever else takes a URL from a client. */
export interface Egress {
  /**
   * Why nothing would be sent to a URL, as far as its text tells; null = it may be tried. Resolves no name, so that
   * nobody learns from the answer which names exist inside.
   */
  refusalOf(url: string): string | null
  /**
   * Opens the sockets of one undici agent. A name is resolved once, for the very connection that is opened, and only
   * allowed addresses of the answer are dialled: a name that answers differently later gains nothing.
   * Fails with `egressDeniedCode` before anything is sent.
   */
  connector(timeoutMs: number): buildConnector.connector
}

interface Deps {
  rules: EgressRules
  /** The system's resolver unless given, a few names at a time. */
  lookup?: LookupFunction
}

const maxNames = 3
/** Refusals of names come at multiples of this, or of half the time that a connection may take where that is less. */
const refusalStepMs = 1000

/**
 * Without a rule: https to public addresses. A listed name may also be private, and be called by http; a listed
 * address or range likewise. Redirects are nobody's to follow: the HTTP client returns them as answers.
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
  // A range may turn out to hold the name's address; that is seen when it is dialled.
  return !isPlain || rules.ranges.length > 0
}

/** RFC 6761: these never leave the machine. */
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

/** Whether one address may be dialled for a destination that was asked for by this name (or by the address itself). */
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
  // One per origin, since a lookup is not told for which port it is made. An agent has a handful of origins.
  const byOrigin = new Map<string, buildConnector.connector>()
  return (options, callback) => {
    const { protocol, hostname } = options
    const isPlain = protocol !== 'https:'
    const destination = { host: hostname, port: Number(options.port) || (isPlain ? 80 : 443) }
    // The resolver is not asked about an address.
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
 * A resolver to which a name that does not exist is one without addresses: whoever chooses a name that the operator did
 * not list learns from no answer whether it exists inside. That the resolver itself is unavailable is told.
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
 * A resolver whose refusals tell nothing by their time either: a name server takes longer over a name that is not there, or
 * is elsewhere, than over one that it has itself.
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

/** A resolver that answers with permitted addresses alone. */
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

/** Which address a name has inside is not told. */
function refused(hostname: string): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`${hostname} is not an address that this installation calls`)
  error.code = egressDeniedCode
  return error
}

function destinationOf(url: URL): Destination {
  return { host: url.hostname, port: Number(url.port) || (url.protocol === 'http:' ? 80 : 443) }
}
