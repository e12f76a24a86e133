import { connectingParameters } from './connecting.ts'

/** A connection URL, separated from the session settings that poolers drop or reject at session start. */
export interface ConnectionUrl {
  /** The URL for `pg`, without session settings and without the parameters that `readConnecting` reads. */
  url: string
  /** Session settings given as `options=-c name=value`, as `schema`, or as parameters named after them. */
  settings: Readonly<Record<string, string>>
}

/** Parameters that `pg` would send at session start, and one that it would drop. */
const ownNames = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'search_path']

/** Extracts the session settings from a URL, so that they can be set where no pooler drops them. */
export function readConnectionUrl(text: string): ConnectionUrl {
  const url = parse(text)
  const { searchParams } = url
  for (const name of connectingParameters) searchParams.delete(name)
  const settings: Record<string, string> = {}
  for (const name of ownNames) {
    const value = searchParams.get(name)
    if (value !== null) settings[name] = value
    searchParams.delete(name)
  }
  const options = readOptions(searchParams.get('options') ?? '')
  if (options.rest === '') searchParams.delete('options')
  else searchParams.set('options', options.rest)
  // Prisma's name for the search path.
  const schema = searchParams.get('schema')
  searchParams.delete('schema')
  const searchPath = schema === null ? {} : { search_path: `"${schema.replaceAll('"', '""')}"` }
  return { url: url.href, settings: { ...settings, ...options.settings, ...searchPath } }
}

/** The host and database of a URL, without user and password. */
export function nameDatabase(text: string): string {
  const { host, pathname, searchParams } = parse(text)
  return `${searchParams.get('host') ?? host}${pathname}`
}

/** Postgres accepts a user without a host if a parameter names the host or socket; `URL` does not. */
const parse = (text: string): URL => new URL(text.replace(/^([^:]+:\/\/[^/?#]*@)(?=[/?]|$)/, '$1localhost'))

/** Parses `-c name=value`, `-cname=value` and `--name=value` as `postgres` does; a backslash escapes a character. */
function readOptions(options: string): { settings: Record<string, string>; rest: string } {
  const words = options.replaceAll(/(^|\s)-c\s+/g, '$1-c').match(/(?:\\.|[^\s\\])+/g) ?? []
  const settings: Record<string, string> = {}
  const rest = words.filter((word) => {
    const [, name = '', value] = word.match(/^(?:-c|--)([^=]+)=(.*)$/s) ?? []
    if (value !== undefined) settings[name.replaceAll('-', '_')] = value.replaceAll(/\\(.)/gs, '$1')
    return value === undefined
  })
  return { settings, rest: rest.join(' ') }
}
