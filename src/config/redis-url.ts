/** Contents of `REDIS_URL`. */
export interface RedisUrl {
  /** Sentinel: the hosts are Sentinels, which name the current primary. Cluster: some nodes, which name all others. */
  form: 'standalone' | 'sentinel' | 'cluster'
  hasTls: boolean
  hosts: readonly { host: string; port: number }[]
  /** Absent: the user `default`. */
  username?: string
  password?: string
  /** Logical database; 0 in a cluster. */
  database: number
  /** Only of Sentinel. */
  masterName?: string
}

const ports = { standalone: 6379, sentinel: 26_379, cluster: 6379 } as const
const schemes =
  'redis://, redis-sentinel:// or redis-cluster://, or with TLS rediss://, rediss-sentinel:// or rediss-cluster://'

/**
 * Reads `redis://user:password@host:port/database` and the forms for Sentinel and Cluster, which name several hosts. Never
 * repeats a part of the URL, which may be part of a password.
 *
 * @throws Error whose message follows the name of the variable
 */
export function readRedisUrl(text: string): RedisUrl {
  const [, tls, kind, authority = '', path = '', query] =
    text.match(/^redis(s?)(?:-(sentinel|cluster))?:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/s) ?? []
  if (tls === undefined) throw new Error(`is not a URL that begins with ${schemes}. Correct it.`)
  const form = kind === 'sentinel' || kind === 'cluster' ? kind : 'standalone'
  const [hosts = '', userInfo] = authority.split('@').reverse()
  const masterName = readParameters(form, new URLSearchParams(query ?? ''))
  return {
    form,
    hasTls: tls === 's',
    hosts: readHosts(form, hosts),
    ...readLogin(userInfo),
    database: readDatabase(form, path),
    ...(masterName === undefined ? {} : { masterName }),
  }
}

function readHosts(form: RedisUrl['form'], text: string): RedisUrl['hosts'] {
  const hosts = text.split(',').map((host) => readHost(host, ports[form]))
  if (form === 'standalone' && hosts.length > 1)
    throw new Error('names several hosts. Name one, or use redis-sentinel:// or redis-cluster://.')
  return hosts
}

function readHost(text: string, defaultPort: number): { host: string; port: number } {
  const url = /^[^\s%]+$/.test(text) && URL.canParse(`redis://${text}`) ? new URL(`redis://${text}`) : null
  if (url === null || url.hostname === '' || url.port === '0')
    throw new Error('has a host that is not of the form host, host:port or [IPv6 address]:port. Correct it.')
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  return { host, port: url.port === '' ? defaultPort : Number(url.port) }
}

function readLogin(userInfo: string | undefined): Pick<RedisUrl, 'username' | 'password'> {
  if (userInfo === undefined) return {}
  const [username = '', ...rest] = userInfo.split(':')
  const password = rest.join(':')
  if (password === '')
    throw new Error('has a user without a password. Use user:password@, or :password@ without a user.')
  return {
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    password: decodeURIComponent(password),
  }
}

function readDatabase(form: RedisUrl['form'], path: string): number {
  if (!/^\d{0,5}$/.test(path))
    throw new Error('has a path that is not the number of a logical database. Correct it, or leave it out.')
  const database = Number(path)
  if (form === 'cluster' && database !== 0)
    throw new Error('names a logical database, of which a cluster has none. Leave it out.')
  return database
}

/** @returns the name of the master */
function readParameters(form: RedisUrl['form'], parameters: URLSearchParams): string | undefined {
  const names = form === 'sentinel' ? ['sentinelMasterId'] : []
  if ([...parameters.keys()].some((name) => !names.includes(name)))
    throw new Error(
      `has parameters that would have no effect. Leave out all${form === 'sentinel' ? ' but sentinelMasterId' : ''}; TLS is configured with REDIS_TLS_….`,
    )
  if (form !== 'sentinel') return undefined
  const [name = '', ...more] = parameters.getAll('sentinelMasterId')
  if (more.length > 0 || !/^[\w.-]+$/.test(name))
    throw new Error(
      'does not name the master that the Sentinels monitor. Add ?sentinelMasterId=<name>, as in `sentinel monitor <name> …`.',
    )
  return name
}
