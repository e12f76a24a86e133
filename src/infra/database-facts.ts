import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import { readConnecting } from './connecting.ts'
import { readConnectionUrl } from './connection-url.ts'
import type { Pooling } from './sessions.ts'
import { clientOf } from './url-client.ts'

/** What the database is like, as a new session finds it. */
export interface DatabaseFacts {
  version: string
  encoding: string
  /** Of the server, database or role; every session here has its own. */
  timeZone: string
  isolation: string
  isWritable: boolean
  pooling: Pooling
  /** Whether changes are heard by LISTEN; where not, other processes' changes are polled for. */
  listen: 'direct' | 'through the pooler' | 'direct URL' | 'none: polling'
}

export interface DatabaseUrls {
  url: string
  /** Leads to the same database past its pooler: for what needs a session of its own. */
  directUrl?: string | undefined
}

/** The database is there, and is not one that can be used. Its message is the rest of a sentence about it. */
export class UnfitDatabaseError extends Error {
  override name = 'UnfitDatabaseError'
}

const oldestMajor = 15
const connectTimeoutMs = 10_000
/** How long one answer may take; under session pooling a connection too many is kept waiting. */
const answerTimeoutMs = 10_000
const listenTimeoutMs = 3000
/** Rounds in which two sessions must be seen on one server connection, or one on two: others may use the pooler too. */
const rounds = 8

/**
 * The self-test: what a session finds, what stands between, and whether LISTEN hears.
 *
 * @throws UnfitDatabaseError, or what the server or the network says
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

/** @throws UnfitDatabaseError where nothing should run on it */
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
  if (row === undefined) throw new Error('The database answered nothing about itself.')
  return row
}

/** A pooler that serves nobody else may not be noticed; where the URL names it, it is believed. */
async function poolingOf(url: string, [first, second]: [Client, Client]): Promise<Pooling> {
  const found = await findPooling(first, second)
  return readConnecting(url).isPooled ? 'transaction' : found
}

/**
 * Without a pooler a session is served by the process that it was told at its start. A pooler in transaction mode shows
 * when two sessions are served by one process although neither has ended, or one by two.
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

/** In a transaction, which pins it; a pooler that knows none says so here. */
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
  const heard = Promise.withResolvers<boolean>()
  listener.on('notification', ({ payload }) => payload === word && heard.resolve(true))
  await listener.query(`LISTEN ${channel}`)
  await notifier.query('SELECT pg_notify($1, $2)', [channel, word])
  const late = new AbortController()
  const timeout = sleep(listenTimeoutMs, false, { signal: late.signal }).catch(() => false)
  const isHeard = await Promise.race([heard.promise, timeout]).finally(() => late.abort())
  await listener.query(`UNLISTEN ${channel}`)
  if (isHeard) return
  throw new UnfitDatabaseError(
    'does not deliver NOTIFY to listeners. Set DATABASE_DIRECT_URL to the same database, bypassing any intermediary',
  )
}

/** Two sessions, with nothing set in them. */
async function withClients<T>(urls: [string, string], use: (clients: [Client, Client]) => Promise<T>): Promise<T> {
  const made = urls.map(
    (url) =>
      new (clientOf(url))({
        connectionString: readConnectionUrl(url).url,
        application_name: 'switchyard-start',
        connectionTimeoutMillis: connectTimeoutMs,
        query_timeout: answerTimeoutMs,
      }),
  ) as [Client, Client]
  try {
    for (const client of made) {
      client.on('error', () => {})
      await client.connect()
    }
    return await use(made)
  } finally {
    await Promise.all(made.map((client) => client.end().catch(() => {})))
  }
}
