import { type Config, ConfigError } from '../config/config.ts'
import type { ContainerSettings } from '../container/container.ts'
import { parseEgressRules } from '../infra/egress-rules.ts'
import { parseNoProxy } from '../infra/proxy-server.ts'

/** Maps the configuration of outgoing requests. */
export function egressOf(config: Config): Pick<ContainerSettings, 'egressAllow' | 'egressProxy' | 'allowsUnresolved'> {
  const egressAllow = readable('EGRESS_ALLOW', config.EGRESS_ALLOW, parseEgressRules)
  const allowsUnresolved = config.EGRESS_PROXY_UNRESOLVED === 'allow'
  if (config.EGRESS_PROXY === undefined) return { egressAllow, allowsUnresolved }
  const { origin, username, password } = new URL(config.EGRESS_PROXY)
  const egressProxy = {
    url: origin,
    ...(username === '' && password === ''
      ? {}
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
    noProxy:
      config.EGRESS_NO_PROXY === undefined
        ? noProxyOf(config).filter(isNoProxyEntry)
        : readable('EGRESS_NO_PROXY', config.EGRESS_NO_PROXY, parseNoProxy),
  }
  return { egressAllow, egressProxy, allowsUnresolved }
}

/**
 * Entries of `NO_PROXY` that are not read. The variable is shared with other programs, which know other forms; their
 * destinations are called through the proxy. Parts that may be a password are omitted.
 */
export function ignoredNoProxy(config: Config): readonly string[] {
  if (config.EGRESS_PROXY === undefined || config.EGRESS_NO_PROXY !== undefined) return []
  return noProxyOf(config)
    .filter((entry) => !isNoProxyEntry(entry))
    .map((entry) => entry.replace(/^.*@/, '…@'))
}

const noProxyOf = ({ NO_PROXY }: Config): readonly string[] => entriesOf(NO_PROXY)

function isNoProxyEntry(entry: string): boolean {
  try {
    parseNoProxy([entry])
    return true
  } catch {
    return false
  }
}

function entriesOf(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
}

/** @throws ConfigError if `parse` rejects an entry */
function readable(name: string, text: string | undefined, parse: (entries: readonly string[]) => unknown) {
  const entries = entriesOf(text)
  try {
    parse(entries)
    return entries
  } catch (error) {
    throw new ConfigError([`${name}: ${(error as Error).message}`])
  }
}
