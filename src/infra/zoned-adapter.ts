import type {
  ArgType,
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  SqlQueryable,
} from '@prisma/driver-adapter-utils'

/** Postgres' values for times without a calendar date. */
const noTime = /^-?infinity$/

const timestamptzId = 1184

/**
 * `@prisma/adapter-pg` with time zones preserved. The stock adapter (7.10.0) sends times without a zone, which the
 * server interprets in the session's zone. Reading is corrected where the client is created: `readZones`.
 *
 * @param transactionSettings run at the start of each transaction; null if the session has the settings
 */
export function makeZonedAdapter(
  factory: SqlDriverAdapterFactory,
  transactionSettings: string | null,
): SqlDriverAdapterFactory {
  const { provider, adapterName } = factory
  return {
    provider,
    adapterName,
    connect: async () => withSettings(zoned(await factory.connect()), transactionSettings),
  }
}

function withSettings(adapter: SqlDriverAdapter, settings: string | null): SqlDriverAdapter {
  const startTransaction = adapter.startTransaction.bind(adapter)
  return Object.assign(adapter, {
    async startTransaction(...options: Parameters<typeof startTransaction>) {
      const transaction = zoned(await startTransaction(...options))
      if (settings === null) return transaction
      try {
        await transaction.executeRaw({ sql: settings, args: [], argTypes: [] })
        return transaction
      } catch (error) {
        // The adapter's `rollback` only releases the connection: Prisma sends the statement.
        await transaction.executeRaw({ sql: 'ROLLBACK', args: [], argTypes: [] }).catch(() => {})
        await transaction.rollback()
        throw error
      }
    },
  })
}

function zoned<Q extends SqlQueryable>(queryable: Q): Q {
  const queryRaw = queryable.queryRaw.bind(queryable)
  const executeRaw = queryable.executeRaw.bind(queryable)
  return Object.assign(queryable, {
    queryRaw: (query: SqlQuery) => queryRaw(withZones(query)),
    executeRaw: (query: SqlQuery) => executeRaw(withZones(query)),
  })
}

function withZones(query: SqlQuery): SqlQuery {
  if (!query.argTypes.some(isTime)) return query
  const args = query.args.map((arg, index) => (isTime(query.argTypes[index]) ? withZone(arg) : arg))
  const argTypes = query.argTypes.map((type): ArgType => (isTime(type) ? { ...type, scalarType: 'string' } : type))
  return { ...query, args, argTypes }
}

function isTime(type: ArgType | undefined): boolean {
  return type?.scalarType === 'datetime' && type.dbType !== 'DATE' && type.dbType !== 'TIME' && type.dbType !== 'TIMETZ'
}

function withZone(arg: unknown): unknown {
  if (Array.isArray(arg)) return arg.map(withZone)
  return arg instanceof Date || typeof arg === 'string' ? new Date(arg).toISOString() : arg
}

type Parser = (text: string) => unknown
interface Types {
  getTypeParser(id: number, format?: string): Parser
}

/** Converts times to UTC before the adapter's parsers, which drop the zone. */
export function readZones<C extends { types?: unknown }>(query: C): C {
  const types = query.types as Types | undefined
  if (types === undefined) return query
  const getTypeParser: Types['getTypeParser'] = (id, format) => {
    const parser = types.getTypeParser(id, format)
    return id === timestamptzId && format === 'text' ? (text) => parser(inUtc(text)) : parser
  }
  return { ...query, types: { getTypeParser } }
}

function inUtc(text: string): string {
  if (text.endsWith('+00') || noTime.test(text)) return text
  const [, day, time, sign, hours, minutes = '00'] = text.match(/^(\S+) (\S+)([+-])(\d\d)(?::(\d\d))?$/) ?? []
  const at = new Date(`${day}T${time}${sign}${hours}:${minutes}`)
  if (Number.isNaN(at.getTime())) throw new RangeError(`Postgres sent the time ${text}, which is not in ISO form.`)
  return `${at.toISOString().replace('T', ' ').replace('Z', '')}+00`
}
