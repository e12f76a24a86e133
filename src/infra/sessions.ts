import { type ClientBase, escapeLiteral, Pool, type QueryConfig, type QueryResult } from 'pg'
import { readConnecting } from './connecting.ts'
import { readConnectionUrl } from './connection-url.ts'
import { clientOf } from './url-client.ts'
import { readZones } from './zoned-adapter.ts'

/**
 * The pooler between this process and Postgres: none; session pooling, which assigns a server connection for the
 * client's session; or transaction pooling, which assigns one per transaction, so that no session state is kept.
 */
export type Pooling = 'none' | 'session' | 'transaction'

export type Settings = Readonly<Record<string, string>>

export interface SessionsOptions {
  url: string
  pooling: Pooling
  /** Maximum number of connections. */
  max: number
  /** Shown in `pg_stat_activity` to identify the process. */
  applicationName: string
  /** Additional session settings: `defaults` are overridden by the URL, `settings` override it. */
  defaults?: Settings
  settings?: Settings
  /** How long to wait for a free connection; unlimited if absent. */
  acquireTimeoutMs?: number
}

/** Settings that statements and parsers rely on and that the server, database or role may override. */
const ownSettings: Settings = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  TimeZone: 'UTC',
  default_transaction_isolation: 'read committed',
}

/**
 * A pool whose statements run under fixed session settings. They are not sent as startup parameters, which poolers
 * reject or silently drop. On a dedicated connection they are set before its first statement; under transaction pooling
 * they are set at the start of each transaction, and single statements are wrapped in one.
 */
export function makeSessions({ pooling, max, applicationName, acquireTimeoutMs, ...options }: SessionsOptions): Pool {
  const { url, settings } = settingsOf(options)
  const pool = new Pool({
    connectionString: url,
    Client: clientOf(options.url),
    max,
    application_name: applicationName,
    // This timeout also covers connecting, for which the URL may set a longer limit.
    ...(acquireTimeoutMs === undefined
      ? {}
      : { connectionTimeoutMillis: Math.max(acquireTimeoutMs, readConnecting(options.url).connectTimeoutMs ?? 0) }),
    onConnect: (client) => prepare(client, pooling, settings),
  })
  return pooling === 'transaction' ? Object.assign(pool, { query: inTransactions(pool, beginWith(settings)) }) : pool
}

/** The session settings for a URL, and the URL without them. */
export function settingsOf({ url, defaults, settings }: Pick<SessionsOptions, 'url' | 'defaults' | 'settings'>): {
  url: string
  settings: Settings
} {
  const named = readConnectionUrl(url)
  return { url: named.url, settings: { ...defaults, ...named.settings, ...ownSettings, ...settings } }
}

/** Sets the isolation level and the settings of a transaction; must be its first statement. */
export function transactionSettings(settings: Settings): string {
  const locals = Object.entries(settings).map(
    ([name, value]) => `set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, true)`,
  )
  return `SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT ${locals.join(', ')}`
}

const beginWith = (settings: Settings): string => `BEGIN; ${transactionSettings(settings)}`

/** Matches LISTEN, also after comments. */
const isListen = /^(?:\s*--.*\n)*\s*LISTEN\s/i

async function prepare(client: ClientBase, pooling: Pooling, settings: Settings): Promise<void> {
  const query = client.query.bind(client) as (config: string | QueryConfig, ...more: unknown[]) => unknown
  const isShared = pooling === 'transaction'
  Object.assign(client, {
    query(config: string | QueryConfig, ...more: unknown[]) {
      // Subscriptions and prepared statements would stay on the server connection, which differs per transaction.
      if (typeof config === 'string')
        return isShared && isListen.test(config) ? Promise.resolve() : query(config, ...more)
      return query(readZones(isShared ? withoutName(config) : config), ...more)
    },
  })
  if (!isShared) await setForSession(client, settings)
}

function withoutName<C extends QueryConfig>({ name, ...config }: C): Omit<C, 'name'> {
  return config
}

async function setForSession(client: ClientBase, settings: Settings): Promise<void> {
  const entries = Object.entries(settings)
  const calls = entries.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`)
  await client.query(`SELECT ${calls.join(', ')}`, entries.flat())
}

type Query = (query: string | QueryConfig, values?: unknown[]) => Promise<QueryResult>

/** Runs each statement in a transaction with the required settings. */
function inTransactions(pool: Pool, begin: string): Query {
  return async (query, values) => {
    const client = await pool.connect()
    // Without a listener, a broken connection would end the process; its statement fails anyway.
    client.on('error', ignore)
    const release = (broken?: Error): void => {
      client.off('error', ignore)
      client.release(broken)
    }
    try {
      await client.query(begin)
      const result = await (client.query as Query)(query, values)
      await client.query('COMMIT')
      release()
      return result
    } catch (error) {
      await client.query('ROLLBACK').then(() => release(), release)
      throw error
    }
  }
}

const ignore = (): void => {}
