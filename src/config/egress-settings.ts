import { Type } from '@sinclair/typebox'

const list = '^[^,\\s]+( *, *[^,\\s]+)*$'
const bypassed = 'hosts, `.domain` suffixes, addresses and CIDR ranges, separated by commas, or `*`'

/** Settings of outgoing requests. */
export const egressSettings = {
  EGRESS_ALLOW: Type.Optional(
    Type.String({
      pattern: list,
      title: 'hosts, `*.domain` wildcards, addresses and CIDR ranges, separated by commas',
      description:
        'Allowed destinations in addition to https at public addresses: in-house providers, and any provider over ' +
        'plain http. For example `slurm.example.internal:6820,10.20.0.0/16`. See "Outgoing requests" below.',
    }),
  ),
  EGRESS_PROXY: Type.Optional(
    Type.String({
      pattern: '^https?://',
      title: 'a URL of the form `http://user:password@host:port` or `https://…`; user and password are optional',
      description:
        'HTTP proxy for provider calls, webhook deliveries and requests to `OIDC_ISSUER`, which are tunneled by ' +
        'CONNECT. See "Egress proxy" below.',
    }),
  ),
  EGRESS_NO_PROXY: Type.Optional(
    Type.String({
      pattern: list,
      title: bypassed,
      description:
        'Destinations that are called directly although `EGRESS_PROXY` is set, for example ' +
        '`slurm.example.internal,10.0.0.0/8`. They still need to be allowed.',
    }),
  ),
  NO_PROXY: Type.Optional(
    Type.String({
      title: bypassed,
      description:
        'The same, used if `EGRESS_NO_PROXY` is absent. Ignored without `EGRESS_PROXY`. Entries in forms of other programs ' +
        'are ignored with a warning at the start.',
    }),
  ),
  EGRESS_PROXY_UNRESOLVED: Type.Union([Type.Literal('deny'), Type.Literal('allow')], {
    default: 'deny',
    description:
      'Whether proxies may be asked for names that cannot be resolved here. `allow` is for sites without DNS for ' +
      'external names; see "Egress proxy" below for the risk.',
  }),
}

/** Finds forbidden parts of `EGRESS_PROXY`. Never repeats a part of the URL. */
export function findProxyProblem(text: string | undefined): string[] {
  if (text === undefined) return []
  const form = 'Correct it to http://user:password@host:port, with @ / ? # % in user and password percent-encoded.'
  if (!URL.canParse(text)) return [`EGRESS_PROXY (not shown) is not a URL. ${form}`]
  const { pathname, search, hash, username, password } = new URL(text)
  if (pathname !== '/' || search !== '' || hash !== '')
    return [`EGRESS_PROXY (not shown) has a path, a query or a fragment. ${form}`]
  if (!isDecodable(username) || !isDecodable(password))
    return [`EGRESS_PROXY (not shown) has a % in its user or password as it is. ${form}`]
  if (!decodeURIComponent(username).includes(':')) return []
  return [
    'EGRESS_PROXY (not shown) has a colon in its user (as %3A), which Basic authentication takes for the beginning of the ' +
      'password. Use a user without colon.',
  ]
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
