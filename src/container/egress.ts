import { type Egress, type EgressProxy, makeEgress } from '../infra/egress.ts'
import { parseEgressRules } from '../infra/egress-rules.ts'
import { makeOperatorFetch } from '../infra/operator-fetch.ts'
import { type EgressProxySettings, parseNoProxy, proxyServerOf } from '../infra/proxy-server.ts'

interface SiteSettings {
  egressAllow: readonly string[]
  egressProxy?: EgressProxySettings
  allowsUnresolved?: boolean
}

/** The egress policy of this installation. Each module has its own, so that slow names do not delay the others. */
export function makeSiteEgress({ egressAllow, egressProxy, allowsUnresolved = false }: SiteSettings): Egress {
  return makeEgress({
    rules: parseEgressRules(egressAllow),
    proxy: egressProxy === undefined ? undefined : egressProxyOf(egressProxy),
    allowsUnresolved,
  })
}

/** `fetch` for the OpenID Connect issuer. */
export function makeIssuerFetch({ egressProxy }: Pick<SiteSettings, 'egressProxy'>): typeof fetch {
  return makeOperatorFetch(egressProxy === undefined ? undefined : egressProxyOf(egressProxy))
}

function egressProxyOf(settings: EgressProxySettings): EgressProxy {
  return {
    server: proxyServerOf(settings),
    isBypassed: parseNoProxy(settings.noProxy),
  }
}
