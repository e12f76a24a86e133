import { Agent, buildConnector, fetch as undiciFetch } from 'undici'
import type { EgressProxy } from './egress.ts'
import { makeTunnel, operatorProxy } from './proxy-tunnel.ts'

const timeoutMs = 10_000

/**
 * `fetch` for URLs from the operator, such as the OpenID Connect issuer: through the operator's proxy, and not subject to
 * the egress rules.
 */
export function makeOperatorFetch(proxy: EgressProxy | undefined): typeof fetch {
  if (proxy === undefined) return globalThis.fetch
  const direct = buildConnector({ timeout: timeoutMs, allowH2: false })
  const tunnel = makeTunnel({ proxy: proxy.server, dial: direct, secure: direct, timeoutMs, field: operatorProxy })
  const dispatcher = new Agent({
    allowH2: false,
    // Requests are rare: sockets are not kept.
    pipelining: 0,
    connect: (options, callback) => {
      const port = Number(options.port) || (options.protocol === 'https:' ? 443 : 80)
      const isDirect = proxy.isBypassed({ host: options.hostname, port })
      ;(isDirect ? direct : tunnel)(options, callback)
    },
  })
  return ((url: string, init?: object) => undiciFetch(url, { ...init, dispatcher })) as unknown as typeof fetch
}
