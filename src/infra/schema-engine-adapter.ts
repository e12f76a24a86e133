import { randomUUID } from 'node:crypto'
import { PrismaPg } from '@prisma/adapter-pg'
import {
  ColumnTypeEnum,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
  type SqlResultSet,
} from '@prisma/driver-adapter-utils'
import { Pool, type QueryConfig, type QueryResult } from 'pg'

/** Object ids of Postgres' types: `"char"`, one byte, used only in its own catalogue; and `text`. */
const charTypeId = 18
const textTypeId = 25

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
export function makeSchemaEngineAdapter(url: string): {
  factory: SqlMigrationAwareDriverAdapterFactory
  close(): Promise<void>
} {
  const { provider, adapterName } = new PrismaPg({ connectionString: url })
  const open: SqlDriverAdapter[] = []
  const opened = async (adapter: Promise<SqlDriverAdapter>) => {
    open.push(await adapter)
    return adapter
  }
  return {
    factory: {
      provider,
      adapterName,
      connect: () => opened(connect(url)),
      connectToShadowDb: () => opened(connectToScratch(url)),
    },
    close: async () => {
      for (const adapter of open) await adapter.dispose()
    },
  }
}

async function connect(url: string): Promise<SqlDriverAdapter> {
  const { pool, charColumns } = makeCatalogPool(url)
  const adapter = await new PrismaPg(pool).connect()
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
async function connectToScratch(url: string): Promise<SqlDriverAdapter> {
  const name = `switchyard_scratch_${randomUUID().replaceAll('-', '')}`
  await runOnce(url, `CREATE DATABASE ${name} TEMPLATE template0`)
  const scratchUrl = new URL(url)
  scratchUrl.pathname = `/${name}`
  const adapter = await connect(scratchUrl.href)
  const dispose = adapter.dispose.bind(adapter)
  return Object.assign(adapter, {
    dispose: async (): Promise<void> => {
      await dispose()
      await runOnce(url, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  })
}

/**
 * One session: the engine's lock and the statements under it must not land on different ones. It also means that the
 * answers come in the order of the questions, so `charColumns` speaks of the latest.
 */
function makeCatalogPool(url: string): { pool: Pool; charColumns: () => readonly number[] } {
  const pool = new Pool({ connectionString: url, max: 1, application_name: 'switchyard-migrate' })
  // `end` resolves before the session is over; that the server then cuts it (a dropped scratch database, its own end)
  // must not end this process. A session that breaks earlier fails the next statement.
  pool.on('error', () => {})
  const query = pool.query.bind(pool) as (config: QueryConfig) => Promise<QueryResult>
  let latest: number[] = []
  const readable = async (config: QueryConfig) => {
    const result = await query(config)
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

async function runOnce(url: string, statement: string): Promise<void> {
  const pool = new Pool({ connectionString: url, max: 1 })
  pool.on('error', () => {})
  try {
    await pool.query(statement)
  } finally {
    await pool.end()
  }
}
