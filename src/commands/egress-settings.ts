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
  const [name, list] =
    config.EGRESS_NO_PROXY === undefined ? ['NO_PROXY', config.NO_PROXY] : ['EGRESS_NO_PROXY', config.EGRESS_NO_PROXY]
  const egressProxy = {
    url: origin,
    ...(username === '' && password === ''
      ? {}
      : { username: decodeURIComponent(username), password: decodeURIComponent(password) }),
    noProxy: readable(name, list, parseNoProxy),
  }
  return { egressAllow, egressProxy, allowsUnresolved }
}

/** @throws ConfigError if `parse` rejects an entry */
function readable(name: string, text: string | undefined, parse: (entries: readonly string[]) => unknown) {
  const entries = (text ?? '').split(/[\s,]+/).filter((entry) => entry !== '')
  try {
    parse(entries)
    return entries
  } catch (error) {
    throw new ConfigError([`${name}: ${(error as Error).message}`])
  }
}
