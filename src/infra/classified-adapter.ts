import { PrismaPg } from '@prisma/adapter-pg'
import {
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlDriverAdapterFactory,
  type SqlQuery,
  type SqlQueryable,
} from '@prisma/driver-adapter-utils'
import type { Pool } from 'pg'

/**
 * `@prisma/adapter-pg` with every failure given a class and a code. The stock adapter (7.10.0) passes on the driver's
 * errors for connections that were lost, not established or not available in time as a plain `Error`. Only the driver
 * can raise one between adapter and database, so it is classified as a connection error here.
 */
export function makeClassifiedAdapter(pool: Pool): SqlDriverAdapterFactory {
  const factory = new PrismaPg(pool)
  return {
    provider: factory.provider,
    adapterName: factory.adapterName,
    async connect(): Promise<SqlDriverAdapter> {
      const adapter = classified(await factory.connect())
      const startTransaction = adapter.startTransaction.bind(adapter)
      return Object.assign(adapter, {
        startTransaction: (...args: Parameters<typeof startTransaction>) =>
          startTransaction(...args).then(classified, reject),
      })
    },
  }
}

function classified<T extends SqlQueryable>(queryable: T): T {
  const queryRaw = queryable.queryRaw.bind(queryable)
  const executeRaw = queryable.executeRaw.bind(queryable)
  return Object.assign(queryable, {
    queryRaw: (query: SqlQuery) => queryRaw(query).catch(reject),
    executeRaw: (query: SqlQuery) => executeRaw(query).catch(reject),
  })
}

/** Rethrows a driver error with a class and a code. Programming errors have specific classes and are left unchanged. */
export function reject(error: unknown): never {
  const isBare = error instanceof AggregateError || (error instanceof Error && error.constructor === Error)
  throw isBare ? new DriverAdapterError({ kind: 'ConnectionClosed', originalMessage: error.message }) : error
}
