import { type ClientBase, escapeLiteral, Pool, type QueryConfig, type QueryResult } from 'pg'
import { readConnecting } from './connecting.ts'
import { readConnectionUrl } from './connection-url.ts'
import { clientOf } from './url-client.ts'
import { readZones } from './zoned-adapter.ts'

/**
 * What stands between this process and Postgres: nothing; a pooler that gives a client a server connection for as long as
 * it stays; or one that gives it for a transaction, so that nothing lasts from one to the next.
 */
export type Pooling = 'none' | 'session' | 'transaction'

export type Settings = Readonly<Record<string, string>>

export interface SessionsOptions {
  url: string
  pooling: Pooling
  /** Connections at most. */
  max: number
  /** Shown in `pg_stat_activity`, to tell processes apart. */
  applicationName: string
  /** Beside what every session has: what holds where the URL says nothing else, and what holds whatever it says. */
  defaults?: Settings
  settings?: Settings
  /** How long to wait for a free connection before giving up; for ever when absent. */
  acquireTimeoutMs?: number
}

/** What the server, the database or the role may say otherwise, and what statements and readers here rely on. */
const ownSettings: Settings = {
  client_encoding: 'UTF8',
  DateStyle: 'ISO, MDY',
  TimeZone: 'UTC',
  default_transaction_isolation: 'read committed',
}

/**
 * A pool whose statements run under settings of their own. No setting is sent as a startup parameter: poolers refuse those
 * or drop them silently. On a connection of one's own they are set before its first statement; under transaction pooling
 * each transaction begins with them, and a statement outside of one gets its own.
 */
export function makeSessions({ pooling, max, applicationName, acquireTimeoutMs, ...options }: SessionsOptions): Pool {
  const { url, settings } = settingsOf(options)
  const pool = new Pool({
    connectionString: url,
    Client: clientOf(options.url),
    max,
    application_name: applicationName,
    // It also ends the wait for a server, which has a limit of its own where the URL says so.
    ...(acquireTimeoutMs === undefined
      ? {}
      : { connectionTimeoutMillis: Math.max(acquireTimeoutMs, readConnecting(options.url).connectTimeoutMs ?? 0) }),
    onConnect: (client) => prepare(client, pooling, settings),
  })
  return pooling === 'transaction' ? Object.assign(pool, { query: inTransactions(pool, beginWith(settings)) }) : pool
}

/** The settings of a session on this URL, and the URL without them. */
export function settingsOf({ url, defaults, settings }: Pick<SessionsOptions, 'url' | 'defaults' | 'settings'>): {
  url: string
  settings: Settings
} {
  const named = readConnectionUrl(url)
  return { url: named.url, settings: { ...defaults, ...named.settings, ...ownSettings, ...settings } }
}

/** Names the isolation of the transaction that has just begun, and its settings; before any other statement. */
export function transactionSettings(settings: Settings): string {
  const locals = Object.entries(settings).map(
    ([name, value]) => `set_config(${escapeLiteral(name)}, ${escapeLiteral(value)}, true)`,
  )
  return `SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT ${locals.join(', ')}`
}

const beginWith = (settings: Settings): string => `BEGIN; ${transactionSettings(settings)}`

/** A subscription; comments may stand before it. */
const isListen = /^(?:\s*--.*\n)*\s*LISTEN\s/i

async function prepare(client: ClientBase, pooling: Pooling, settings: Settings): Promise<void> {
  const query = client.query.bind(client) as (config: string | QueryConfig, ...more: unknown[]) => unknown
  const isShared = pooling === 'transaction'
  Object.assign(client, {
    query(config: string | QueryConfig, ...more: unknown[]) {
      // Both would stay with the server's connection, which is another one for the next transaction.
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

/** Each statement in a transaction that says what it relies on. */
function inTransactions(pool: Pool, begin: string): Query {
  return async (query, values) => {
    const client = await pool.connect()
    // Without a listener a connection that breaks meanwhile would end the process; its statement fails anyway.
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
