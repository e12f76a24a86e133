import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils'
import type { Pool, QueryConfig, QueryResult } from 'pg'
import { makeSessions, type SessionsOptions, type Settings } from './sessions.ts'

/** Object ids of Postgres' types: `"char"`, one byte, used only in its own catalogue; and `text`. */
const charTypeId = 18
const textTypeId = 25

export type MigratedDatabase = Pick<SessionsOptions, 'url' | 'pooling'>

/** A migration takes its time, and waits for whoever has what it changes. */
export const unlimited: Settings = {
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
}

/**
 * `@prisma/adapter-pg` made fit for migrations. As it comes (7.10.0) it
 * - cannot read the catalogue, for want of the type `"char"` (prisma/orm#27403): here such columns pass as text and
 *   are then declared to be characters;
 * - cuts scripts at every semicolon, which breaks function bodies, and runs the pieces outside a transaction:
 *   here a script is sent whole, which Postgres runs as one implicit transaction;
 * - opens its scratch ("shadow") database under a name that the URL's own database name overrides.
 *
 * Freeing the engine closes nothing, and its open session would keep Prisma's advisory lock: call `close`.
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
  // Without it the engine looks for its table in `public`, whatever the search path says.
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
    executeScript: async (script: string): Promise<void> => {
      await adapter.executeRaw({ sql: script, args: [], argTypes: [] })
    },
    dispose: async (): Promise<void> => {
      if (!pool.ending) await pool.end()
    },
  })
}

/** The engine disposes of it when it is done; `close` does when the engine failed on the way. Twice is harmless. */
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
 * One session: the engine's lock and the statements under it must not land on different ones. It also means that the
 * answers come in the order of the questions, so `charColumns` speaks of the latest.
 */
function makeCatalogPool(database: MigratedDatabase): { pool: Pool; charColumns: () => readonly number[] } {
  const pool = makeSessions({ ...database, max: 1, applicationName: 'switchyard-migrate', settings: unlimited })
  // `end` resolves before the session is over; that the server then cuts it (a dropped scratch database, its own end)
  // must not end this process. A session that breaks earlier fails the next statement.
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

/** The engine's own lock would stay with the server's connection for good; `migrate` has locked before. */
function withoutSessionLock(config: QueryConfig): QueryConfig {
  return { ...config, text: config.text.replace('pg_advisory_lock(', 'pg_advisory_xact_lock(') }
}

async function runOnce({ url }: MigratedDatabase, statement: string): Promise<void> {
  // Databases are neither made nor dropped within a transaction.
  const pool = makeSessions({ url, pooling: 'none', max: 1, applicationName: 'switchyard-migrate' })
  pool.on('error', () => {})
  try {
    await pool.query(statement)
  } finally {
    await pool.end()
  }
}
