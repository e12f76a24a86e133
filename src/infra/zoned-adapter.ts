import type {
  ArgType,
  SqlDriverAdapter,
  SqlDriverAdapterFactory,
  SqlQuery,
  SqlQueryable,
} from '@prisma/driver-adapter-utils'

/** What the server says in place of a time that no calendar has. */
const noTime = /^-?infinity$/

const timestamptzId = 1184

/**
 * `@prisma/adapter-pg` with times that cross with their zone. As it comes (7.10.0) it sends a time without one, which the
 * server reads in the zone of the session. Reading is corrected where the client is made: `readZones`.
 *
 * @param transactionSettings run at the beginning of each transaction; null where the session has them
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
        // The adapter's own `rollback` only gives the connection back: Prisma sends the statement.
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

/** The adapter's own readers, which cut the zone off, behind one that has brought the time to UTC before. */
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
