import { connectingParameters } from './connecting.ts'

/** What a connection URL says, apart from what poolers drop or refuse at the start of a session. */
export interface ConnectionUrl {
  /** For `pg` to read: no session setting is left in it, and nothing that `readConnecting` tells. */
  url: string
  /** Session settings that it names, as `options=-c name=value`, as `schema`, or by their own name. */
  settings: Readonly<Record<string, string>>
}

/** Parameters that `pg` would send with the start of a session, and one that it would drop. */
const ownNames = ['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'search_path']

/** Takes the session settings out of a URL, so that they can be set where no pooler loses them. */
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
  // As Prisma's own URLs spell it.
  const schema = searchParams.get('schema')
  searchParams.delete('schema')
  const searchPath = schema === null ? {} : { search_path: `"${schema.replaceAll('"', '""')}"` }
  return { url: url.href, settings: { ...settings, ...options.settings, ...searchPath } }
}

/** Where a URL leads, without who and with which password. */
export function nameDatabase(text: string): string {
  const { host, pathname, searchParams } = parse(text)
  return `${searchParams.get('host') ?? host}${pathname}`
}

/** A user before no host is valid for Postgres, where a parameter names the host or socket; to `URL` it is not. */
const parse = (text: string): URL => new URL(text.replace(/^([^:]+:\/\/[^/?#]*@)(?=[/?]|$)/, '$1localhost'))

/** `-c name=value`, `-cname=value` and `--name=value`, as `postgres` reads them; a backslash keeps what follows. */
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
