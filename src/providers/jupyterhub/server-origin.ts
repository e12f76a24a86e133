import { createHash } from 'node:crypto'
import { domainToASCII, domainToUnicode } from 'node:url'
import type { JupyterhubSettings } from './settings.ts'

/**
 * Whether this URL is the origin of a user's server: the hub's origin, or, if `subdomain_host` gives each user a host,
 * that user's host. Other hosts below the hub's belong to other users or services.
 * Source: `User.host` of user.py, 3.0.0 to 6.1.1
 */
export function isServerOrigin(url: URL, user: string, settings: JupyterhubSettings): boolean {
  const { baseUrl, subdomainHost } = settings
  if (url.origin === new URL(baseUrl).origin) return true
  if (subdomainHost === undefined) return false
  const { protocol, hostname, port } = new URL(subdomainHost)
  const isBelow = [idnaLabel(user), legacyLabel(user)].some((label) => url.hostname === `${label}.${hostname}`)
  return url.protocol === protocol && url.port === port && isBelow
}

/** The hook of 5.0 and newer. Source: `_strict_dns_safe_encode` of utils.py, 6.1.1 */
function idnaLabel(user: string): string {
  if (user.includes('--')) return trimmedAndHashed(user)
  if (isLabel(user)) return user.toLowerCase()
  const ascii = domainToASCII(user)
  // The hub's library rejects a name that requires mapping.
  return isLabel(ascii) && domainToUnicode(ascii) === user ? ascii : trimmedAndHashed(user)
}

function isLabel(text: string): boolean {
  return /^(?!\d+$)(?!-)[a-z0-9-]{1,63}(?<!-)$/i.test(text)
}

function trimmedAndHashed(user: string): string {
  const stub = user
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .slice(0, 8)
  const hash = createHash('sha256').update(user).digest('hex').slice(0, 7)
  return `u-${stub === '' ? 'x' : stub}--${hash}`
}

/** The hook of older hubs, `legacy` of newer ones. Source: `_dns_quote` of user.py, 3.0.0 */
function legacyLabel(user: string): string {
  return encodeURIComponent(user)
    .toLowerCase()
    .replaceAll(/[^a-z0-9.%-]/g, (character) => `%${character.charCodeAt(0).toString(16)}`)
    .replaceAll('%', '_')
}
