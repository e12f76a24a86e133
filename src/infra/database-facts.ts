import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { readConnecting } from './connecting.ts'
import { readConnectionUrl } from './connection-url.ts'
import type { Pooling } from './sessions.ts'
import { clientOf } from './url-client.ts'

/** Properties of the database as a new session sees them. */
export interface DatabaseFacts {
  version: string
  encoding: string
  /** The default of the server, database or role; sessions of this process set UTC. */
  timeZone: string
  isolation: string
  isWritable: boolean
  pooling: Pooling
  /** Whether LISTEN delivers notifications. If not, changes of other processes are found by polling. */
  listen: 'direct' | 'through the pooler' | 'direct URL' | 'none: polling'
}

export interface DatabaseUrls {
  url: string
  /** Bypasses the pooler of the same database, for features that require a dedicated session. */
  directUrl?: string | undefined
}

/** The database is reachable but not usable. The message completes a sentence that starts with the database's name. */
export class UnfitDatabaseError extends Error {
  override name = 'UnfitDatabaseError'
}

const oldestMajor = 15
const connectTimeoutMs = 10_000
/** Timeout of one query; session pooling queues connections beyond its limit. */
const responseTimeoutMs = 10_000
const listenTimeoutMs = 3000
/** Rounds in which to detect two sessions on one server connection, or one on two; the pooler may be shared. */
const rounds = 8

/**
 * Determines the session properties, the pooling mode and whether LISTEN works.
 *
 * @throws UnfitDatabaseError, or the error of the server or the network
 */
export async function examineDatabaseAt({ url, directUrl }: DatabaseUrls): Promise<DatabaseFacts> {
  return withClients([url, url], async ([first, second]) => {
    const found = await readSession(first)
    const pooling = await poolingOf(url, [first, second])
    const facts = { ...found, pooling }
    if (directUrl === undefined) {
      if (pooling === 'transaction') return { ...facts, listen: 'none: polling' }
      await checkListen(second, first)
      return { ...facts, listen: pooling === 'none' ? 'direct' : 'through the pooler' }
    }
    await withClients([directUrl, directUrl], async ([listener, other]) => {
      if ((await poolingOf(directUrl, [listener, other])) === 'transaction')
        throw new UnfitDatabaseError(
          'has a DATABASE_DIRECT_URL that leads through a pooler in transaction mode. Set it to the server itself',
        )
      await checkListen(listener, first)
    })
    return { ...facts, listen: 'direct URL' }
  })
}

/** @throws UnfitDatabaseError if the database must not be used */
export function checkFacts({ version, encoding, isWritable }: DatabaseFacts): void {
  if (Number.parseInt(version, 10) < oldestMajor)
    throw new UnfitDatabaseError(`is Postgres ${version}; version ${oldestMajor} or newer is required. Upgrade it`)
  if (encoding !== 'UTF8')
    throw new UnfitDatabaseError(
      `has the encoding ${encoding}, which cannot store all text. Create a database with ENCODING 'UTF8' TEMPLATE template0`,
    )
  if (!isWritable)
    throw new UnfitDatabaseError(
      'is read-only: a standby, or default_transaction_read_only is set. Set DATABASE_URL to the primary, with a user that can write',
    )
}

async function readSession(
  client: Client,
): Promise<Pick<DatabaseFacts, Exclude<keyof DatabaseFacts, 'pooling' | 'listen'>>> {
  const { rows } = await client.query<Awaited<ReturnType<typeof readSession>>>(`
    SELECT current_setting('server_version') AS version, current_setting('server_encoding') AS encoding,
      current_setting('TimeZone') AS "timeZone", current_setting('default_transaction_isolation') AS isolation,
      current_setting('transaction_read_only') = 'off' AS "isWritable"`)
  const [row] = rows
  if (row === undefined) throw new Error('The database returned no settings.')
  return row
}

/** A pooler without other clients may go undetected; a pooler that the URL declares is taken as given. */
async function poolingOf(url: string, [first, second]: [Client, Client]): Promise<Pooling> {
  const found = await findPooling(first, second)
  return readConnecting(url).isPooled ? 'transaction' : found
}

/**
 * Without a pooler, the backend that serves a session is the one reported at its start. A pooler in transaction mode is
 * detected when one backend serves two open sessions, or two backends serve one.
 */
async function findPooling(first: Client, second: Client): Promise<Pooling> {
  const { processID } = first as Client & { processID?: number }
  const home = await backendOf(first)
  if (home === processID) return 'none'
  for (let round = 0; round < rounds; round += 1) {
    const other = await heldBackendOf(second)
    if (other === home || (await backendOf(first)) !== home) return 'transaction'
  }
  return 'session'
}

async function backendOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid ?? 0
}

/** Opens a transaction, which pins the server connection; a pooler in statement mode rejects it. */
async function heldBackendOf(client: Client): Promise<number> {
  await client.query('BEGIN').catch((error: { message: string }) => {
    if (!/statement pooling/i.test(error.message)) throw error
    throw new UnfitDatabaseError(
      'is behind a pooler in statement mode, which does not support transactions. Use its transaction or session mode',
    )
  })
  const pid = await backendOf(client)
  await client.query('COMMIT')
  return pid
}

async function checkListen(listener: Client, notifier: Client): Promise<void> {
  const channel = 'switchyard_test'
  const word = randomUUID()
  const notified = Promise.withResolvers<boolean>()
  listener.on('notification', ({ payload }) => payload === word && notified.resolve(true))
  await listener.query(`LISTEN ${channel}`)
  await notifier.query('SELECT pg_notify($1, $2)', [channel, word])
  const late = new AbortController()
  const timeout = sleep(listenTimeoutMs, false, { signal: late.signal }).catch(() => false)
  const isNotified = await Promise.race([notified.promise, timeout]).finally(() => late.abort())
  await listener.query(`UNLISTEN ${channel}`)
  if (isNotified) return
  throw new UnfitDatabaseError(
    'does not deliver NOTIFY to listeners. Set DATABASE_DIRECT_URL to the same database, bypassing any intermediary',
  )
}

/** Two sessions without any settings. */
async function withClients<T>(urls: [string, string], use: (clients: [Client, Client]) => Promise<T>): Promise<T> {
  const clients = urls.map(
    (url) =>
      new (clientOf(url))({
        connectionString: readConnectionUrl(url).url,
        application_name: 'switchyard-start',
        connectionTimeoutMillis: connectTimeoutMs,
        query_timeout: responseTimeoutMs,
      }),
  ) as [Client, Client]
  try {
    for (const client of clients) {
      client.on('error', () => {})
      await client.connect()
    }
    return await use(clients)
  } finally {
    await Promise.all(clients.map((client) => client.end().catch(() => {})))
  }
}
