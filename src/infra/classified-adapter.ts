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
 * `@prisma/adapter-pg`, each of whose failures has a class and a code. As it comes (7.10.0) it passes on what the driver
 * says of a connection that was lost, could not be made or was not free in time: an `Error` with words alone, which
 * could be anybody's. Between adapter and driver there is nobody else, so here it is known to be the connection's.
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

/** What the driver throws, with a class and a code. Programming errors have classes of their own and stay as they are. */
export function reject(error: unknown): never {
  const isBare = error instanceof AggregateError || (error instanceof Error && error.constructor === Error)
  throw isBare ? new DriverAdapterError({ kind: 'ConnectionClosed', originalMessage: error.message }) : error
}
