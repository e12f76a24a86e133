import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils'
import type { Pool, QueryConfig, QueryResult } from 'pg'
import { sqlStateOf } from './database-errors.ts'
import { makeSessions, type SessionsOptions, type Settings, settingsOf } from './sessions.ts'
import { clientOf } from './url-client.ts'

/** Type OIDs of Postgres: `"char"`, a single byte used only in the system catalog, and `text`. */
const charTypeId = 18
const textTypeId = 25

/** SQLSTATE of a lock timeout. */
const lockNotAvailable = '55P03'

export interface MigratedDatabase extends Pick<SessionsOptions, 'url' | 'pooling'> {
  /** Called each time a migration script could not lock a table in time and was rolled back, before it is retried. */
  onLockTimeout?: () => void
  /** How long a script waits for a lock, and how long it then pauses. */
  lockTimeoutMs?: number
}

/** Migrations run without timeouts: they may take long. Their scripts limit only the wait for a lock. */
export const unlimited: Settings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
}

/**
 * `@prisma/adapter-pg` adapted for migrations. The stock adapter (7.10.0)
 * - cannot read the catalog, because it lacks the type `"char"` (prisma/orm#27403): such columns are read as text and
 *   then declared as characters;
 * - splits scripts at every semicolon, which breaks function bodies, and runs the parts outside a transaction: here a
 *   script is sent as a whole, which Postgres runs as one implicit transaction;
 * - opens its scratch ("shadow") database under a name that the database name in the URL overrides.
 *
 * Freeing the engine does not close its sessions, and an open session keeps Prisma's advisory lock: call `close`.
 */
export function makeSchemaEngineAdapter(database: MigratedDatabase): {
  factory: SqlMigrationAwareDriverAdapterFactory
  close(): Promise<void>
} {
  const { provider, adapterName } = new PrismaPg({ connectionString: database.url })
  const open: SqlDriverAdapter[] = []
  const opened = async (adapter: Promise<SqlDriverAdapter>) => {
    open.push(await adapter)
    return adapter
  }
  return {
    factory: {
      provider,
      adapterName,
      connect: () => opened(connect(database)),
      connectToShadowDb: () => opened(connectToScratch(database)),
    },
    close: async () => {
      for (const adapter of open) await adapter.dispose()
    },
  }
}

async function connect(database: MigratedDatabase): Promise<SqlDriverAdapter> {
  const { pool, charColumns } = makeCatalogPool(database)
  // Without it, the engine looks for its table in `public`, regardless of the search path.
  const { rows } = await pool.query<{ schema: string | null }>({ text: 'SELECT current_schema() AS schema' })
  const { schema } = rows[0] ?? {}
  const adapter = await new PrismaPg(pool, schema ? { schema } : {}).connect()
  const queryRaw = adapter.queryRaw.bind(adapter)
  return Object.assign(adapter, {
    queryRaw: async (query: SqlQuery): Promise<SqlResultSet> => {
      const result = await queryRaw(query)
      for (const column of charColumns()) result.columnTypes[column] = ColumnTypeEnum.Character
      return result
    },
    executeScript: (script: string) =>
      database.pooling === 'transaction' && isConcurrent.test(script)
        ? runOnce(database, inSchema(script, schema))
        : retryLocked(database, script, (sql) => adapter.executeRaw({ sql, args: [], argTypes: [] })),
    dispose: async (): Promise<void> => {
      if (!pool.ending) await pool.end()
    },
  })
}

/** Builds an index while rows are written. It waits for other transactions without blocking them. */
const isConcurrent = /^\s*(?:--.*\n\s*)*CREATE (?:UNIQUE )?INDEX CONCURRENTLY/i

/** Such a statement runs outside a transaction, so a pooler in transaction mode resets the search path before it. */
function inSchema(script: string, schema: string | null | undefined): string {
  return schema ? script.replace(/ ON (?=")/, () => ` ON "${schema.replaceAll('"', '""')}".`) : script
}

/**
 * A statement that waits for a table lock blocks every later statement on that table. Therefore a script waits
 * only briefly; Postgres then rolls it back as a whole, and it is retried after the statements that queued behind it.
 */
async function retryLocked(
  { onLockTimeout, lockTimeoutMs = 3000 }: MigratedDatabase,
  script: string,
  run: (sql: string) => Promise<unknown>,
): Promise<void> {
  const limited = `SELECT set_config('lock_timeout', '${lockTimeoutMs}', true);\n${script}`
  for (;;) {
    try {
      await run(isConcurrent.test(script) ? script : limited)
      return
    } catch (error) {
      if (sqlStateOf(error) !== lockNotAvailable) throw error
    }
    onLockTimeout?.()
    await sleep(lockTimeoutMs)
  }
}

/** The engine disposes of it when it is done; `close` does if the engine failed. Disposing twice is harmless. */
async function connectToScratch(database: MigratedDatabase): Promise<SqlDriverAdapter> {
  const name = `switchyard_scratch_${randomUUID().replaceAll('-', '')}`
  await runOnce(database, `CREATE DATABASE ${name} TEMPLATE template0`)
  const scratchUrl = new URL(database.url)
  scratchUrl.pathname = `/${name}`
  const adapter = await connect({ ...database, url: scratchUrl.href })
  const dispose = adapter.dispose.bind(adapter)
  return Object.assign(adapter, {
    dispose: async (): Promise<void> => {
      await dispose()
      await runOnce(database, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  })
}

/**
 * A single session, so that the engine's lock and the statements under it share one. Results therefore arrive in the
 * order of the queries, and `charColumns` refers to the latest.
 */
function makeCatalogPool(database: MigratedDatabase): { pool: Pool; charColumns: () => readonly number[] } {
  const pool = makeSessions({ ...database, max: 1, applicationName: 'switchyard-migrate', settings: unlimited })
  // `end` resolves before the session is closed; a later disconnect by the server (dropped scratch database, server
  // shutdown) must not end this process. A session that breaks earlier fails the next statement.
  pool.on('error', () => {})
  const query = pool.query.bind(pool) as (config: QueryConfig) => Promise<QueryResult>
  let latest: number[] = []
  const readable = async (config: QueryConfig) => {
    const result = await query(database.pooling === 'transaction' ? withoutSessionLock(config) : config)
    latest = []
    for (const [index, field] of (result.fields ?? []).entries()) {
      if (field.dataTypeID !== charTypeId) continue
      field.dataTypeID = textTypeId
      latest.push(index)
    }
    return result
  }
  return { pool: Object.assign(pool, { query: readable }), charColumns: () => latest }
}

/** The engine's session lock would stay on the pooled server connection; `migrate` already holds its own lock. */
function withoutSessionLock(config: QueryConfig): QueryConfig {
  return { ...config, text: config.text.replace('pg_advisory_lock(', 'pg_advisory_xact_lock(') }
}

/**
 * Outside a transaction: neither databases nor concurrent indexes can be created in one. Sets nothing, as a pooler in
 * transaction mode would keep it on a server connection that others use next.
 */
async function runOnce({ url }: MigratedDatabase, statement: string): Promise<void> {
  const Client = clientOf(url)
  const client = new Client({ connectionString: settingsOf({ url }).url, application_name: 'switchyard-migrate' })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(statement)
  } finally {
    await client.end()
  }
}
