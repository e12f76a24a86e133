import { readFileSync } from 'node:fs'

const page = readFileSync(new URL('../../docs/redis.md', import.meta.url), 'utf8')

/** The directive of the user that docs/redis.md describes, with this password. */
export function documentedUser(password: string): string {
  const [rule] = page.match(/^user switchyard on >password .*$/m) ?? []
  if (rule === undefined) throw new Error('docs/redis.md describes no user.')
  return rule.replace(/^user /, '').replace('>password', `>${password}`)
}

/** The commands that it permits. */
export const documentedCommands = (): readonly string[] =>
  [...documentedUser('x').matchAll(/\+(\S+)/g)].map(([, name = '']) => name)
