import { readFileSync } from 'node:fs'

const page = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8')

/** A part of docs/redis.md, which the service is run with. */
function documented(what: string, pattern: RegExp): string {
  const [, part] = page.match(pattern) ?? []
  if (part === undefined) throw new Error(`docs/redis.md describes no ${what}.`)
  return part
}

const withPassword = (rule: string, password: string) => rule.replace('>password', `>${password}`)

/** The directive of the user that docs/redis.md describes, with this password. */
export function documentedUser(password: string): string {
  return withPassword(documented('user', /^user (switchyard on >password .*)$/m), password)
}

/** The same for the nodes of a cluster. */
export function documentedClusterUser(password: string): string {
  const keys = documented('keys in a cluster', /the keys `(~\{bull\}\S+)`/)
  const more = documented('commands in a cluster', /and\s+`(\+[^`]+)` in addition/)
  return `${documentedUser(password).replace(/~bull:\S+/, keys)} ${more}`
}

/** The same for Sentinels. */
export function documentedSentinelUser(password: string): string {
  return withPassword(documented('user of Sentinels', /`user (switchyard on >password [^`]*)`/), password)
}

/** The commands that it permits. */
export const documentedCommands = (): readonly string[] =>
  [...documentedUser('x').matchAll(/\+(\S+)/g)].map(([, name = '']) => name)
