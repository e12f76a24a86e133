import dns from 'node:dns'
import type { LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { LookupsBusyError, makeBoundedLookup } from './bounded-lookup.ts'
import { addressOf } from './egress-address.ts'
import { denialOf, hasEmptyLabel, isAllowed, isAllowedUnresolved } from './egress-decision.ts'
import { egressDeniedCode, guarded, inSteps, refused, withoutAbsence } from './egress-lookup.ts'
import { allowsName, type Destination, type EgressRules } from './egress-rules.ts'
import type { ProxyServer } from './proxy-server.ts'
import { makeTunnel, operatorProxy } from './proxy-tunnel.ts'
import { endedByAlert, type TlsOptions, tlsOptionsOf } from './tls-options.ts'

/** The egress policy for requests to URLs from clients, such as those of connections and webhooks. */
export interface Egress {
  /**
   * The reason why a URL is denied, based on its text; null if it may be tried. Resolves no names, so that the result
   * does not reveal which internal names exist.
   */
  denialOf(url: string): string | null
  /**
   * Opens the sockets of one undici agent. A name is resolved once per connection, and only allowed addresses of the
   * result are dialed, which prevents DNS rebinding. Fails with `egressDeniedCode` before anything is sent.
   *
   * With a proxy, all addresses of the result must be allowed, and the proxy then resolves the name itself. Fails with
   * an `EgressProxyError` if the proxy opens no tunnel.
   *
   * Agents with different routes need separate connectors: sockets and TLS sessions are never shared between them.
   */
  connector(timeoutMs: number, route?: EgressRoute): buildConnector.connector
}

/** How one agent reaches its destinations, if the client of this service chooses it. */
export interface EgressRoute {
  /** Replaces the operator's proxy and its bypass list. Its address is subject to the rules. */
  proxy?: ProxyServer
  /** PEM; replaces the default certificate authorities for destinations, and is added to them for the proxy. */
  caCertificate?: string
  /** PEM; presented to destinations, never to a proxy. */
  clientCertificate?: { certificate: string; key: string }
}

/** The operator's proxy; its own address is not subject to the rules. */
export interface EgressProxy {
  server: ProxyServer
  /** Destinations that are called directly. */
  isBypassed(destination: Destination): boolean
}

interface Deps {
  rules: EgressRules
  proxy?: EgressProxy | undefined
  /** Whether proxies may resolve names that cannot be resolved here. */
  allowsUnresolved?: boolean
  /** Default: the system resolver. The number of concurrent lookups is limited. */
  lookup?: LookupFunction
}

const maxNames = 3
/** Maximum time to resolve a name if the proxy may resolve it otherwise. */
const maxLookupMs = 2500

/**
 * Default policy: https to public addresses. Listed names, addresses and ranges may also be private and use http.
 * Redirects are not followed: the HTTP client returns them as responses.
 */
export function makeEgress({
  rules,
  proxy,
  allowsUnresolved = false,
  lookup: resolve = dns.lookup as LookupFunction,
}: Deps): Egress {
  const lookup = makeBoundedLookup(maxNames, resolve, allowsUnresolved ? maxLookupMs : undefined)
  return {
    denialOf: (url) => denialOf(rules, url),
    connector: (timeoutMs, route = {}) =>
      makeConnector({ rules, proxy, allowsUnresolved, lookup, timeoutMs, route, tls: tlsOptionsOf(route) }),
  }
}

interface Connecting {
  rules: EgressRules
  proxy: EgressProxy | undefined
  allowsUnresolved: boolean
  lookup: LookupFunction
  timeoutMs: number
  route: EgressRoute
  tls: TlsOptions
}

interface Target {
  destination: Destination
  isPlain: boolean
}

function makeConnector(connecting: Connecting): buildConnector.connector {
  // One per origin, because a lookup does not receive the port. An agent has few origins.
  const byOrigin = new Map<string, buildConnector.connector>()
  return (options, callback) => {
    const { protocol, hostname } = options
    const isPlain = protocol !== 'https:'
    const destination = { host: hostname, port: Number(options.port) || (isPlain ? 80 : 443) }
    // Addresses need no lookup.
    const isAddress = addressOf(hostname) !== null
    if (
      hasEmptyLabel(hostname) ||
      (isAddress && !isAllowed(connecting.rules, destination, { host: hostname, isPlain }))
    ) {
      callback(refused(hostname), null)
      return
    }
    const origin = `${protocol}//${hostname}:${destination.port}`
    const connect = byOrigin.get(origin) ?? endedByAlert(routeTo(connecting, { destination, isPlain }))
    byOrigin.set(origin, connect)
    connect(options, callback)
  }
}

function routeTo(connecting: Connecting, target: Target): buildConnector.connector {
  const { proxy, route, timeoutMs, tls } = connecting
  const secure = buildConnector({ timeout: timeoutMs, allowH2: false, ...tls.destination })
  if (route.proxy !== undefined) {
    const dial = makeDialer(connecting, route.proxy)
    const tunnel = makeTunnel({ proxy: route.proxy, dial, secure, timeoutMs, field: 'network.proxy' })
    return afterCheck(makeNameCheck(connecting, target), tunnel)
  }
  if (proxy === undefined || proxy.isBypassed(target.destination))
    return makeDirect(connecting, target, tls.destination)
  const dial = buildConnector({ timeout: timeoutMs, allowH2: false })
  const tunnel = makeTunnel({ proxy: proxy.server, dial, secure, timeoutMs, field: operatorProxy })
  return afterCheck(makeNameCheck(connecting, target), tunnel)
}

/** Dials a proxy that a client chose: within the rules, like any destination. */
function makeDialer(connecting: Connecting, { origin }: ProxyServer): buildConnector.connector {
  const { hostname, port, protocol } = new URL(origin)
  const isPlain = protocol !== 'https:'
  const destination = { host: hostname, port: Number(port) || (isPlain ? 80 : 443) }
  const isDenied =
    addressOf(hostname) !== null && !isAllowed(connecting.rules, destination, { host: hostname, isPlain })
  if (isDenied) return (_options, callback) => callback(refused(hostname), null)
  return makeDirect(connecting, { destination, isPlain }, isPlain ? {} : connecting.tls.proxy())
}

function makeDirect({ rules, lookup, timeoutMs }: Connecting, { destination, isPlain }: Target, tls: object) {
  const isPermitted = (address: string) => isAllowed(rules, destination, { host: address, isPlain })
  const resolve = allowsName(rules, destination)
    ? guarded(lookup, { isPermitted, needs: 'any' })
    : inSteps(guarded(withoutAbsence(lookup), { isPermitted, needs: 'any' }), timeoutMs)
  return buildConnector({ timeout: timeoutMs, allowH2: false, lookup: resolve, ...tls })
}

type NameCheck = (callback: (denial: Error | null) => void) => void

function afterCheck(check: NameCheck, tunnel: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    check((denial) => {
      if (denial === null) tunnel(options, callback)
      else callback(denial, null)
    })
  }
}

/** Decides on a name that a proxy will resolve: by all its addresses, or by the name if it has none here. */
function makeNameCheck({ rules, lookup, timeoutMs, allowsUnresolved }: Connecting, target: Target): NameCheck {
  const { destination, isPlain } = target
  const { host } = destination
  const isListed = allowsName(rules, destination)
  const isPermitted = (address: string) => isAllowed(rules, destination, { host: address, isPlain })
  const resolve = guarded(isListed || allowsUnresolved ? lookup : withoutAbsence(lookup), {
    isPermitted,
    needs: 'every',
  })
  const decide = isListed ? resolve : inSteps(resolve, timeoutMs)

  function denialOf(error: NodeJS.ErrnoException | null): Error | null {
    // A lookup that was never made is inconclusive.
    if (error === null || error.code === egressDeniedCode || error instanceof LookupsBusyError || !allowsUnresolved)
      return error
    return isAllowedUnresolved(rules, destination, isPlain) ? null : refused(host)
  }

  return (callback) => {
    if (addressOf(host) === null) decide(host, { all: true }, (error) => callback(denialOf(error)))
    else callback(null)
  }
}
