import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { DatabaseError } from 'pg'
import { Prisma } from '../generated/prisma/client.ts'

/**
 * What went wrong with the database, told by the classes and codes of the database layer alone. A message may repeat
 * what a client or a provider sent, so it decides nothing; and no other error is the database's, whatever it says.
 */

/** What the driver adapter makes of the driver's error. */
type Mapped = DriverAdapterError['cause'] & { constraint?: { index?: string } }

/** The SQLSTATE of a failed statement; null: the server said none, or it is no error of the database. */
export function sqlStateOf(error: unknown): string | null {
  if (error instanceof DatabaseError) return error.code ?? null
  return mappedIn(error)?.originalCode ?? null
}

/** Whether the database, or the way to it, is what failed. */
export function isDatabaseError(error: unknown): boolean {
  return error instanceof DatabaseError || mappedIn(error) !== null || isTransientError(error)
}

/** The server's own words; null: it said nothing, or it is no error of the database. */
export function serverMessageOf(error: unknown): string | null {
  if (error instanceof DatabaseError) return error.message
  const mapped = mappedIn(error)
  return mapped?.originalCode === undefined ? null : (mapped.originalMessage ?? null)
}

/** The data of one row is at fault (class 22), or it breaks a constraint (class 23). */
export function isDataError(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state !== null && (state.startsWith('22') || state.startsWith('23'))
}

export function isUniqueViolation(error: unknown, constraint: string): boolean {
  const broken = error instanceof DatabaseError ? error.constraint : mappedIn(error)?.constraint?.index
  return sqlStateOf(error) === '23505' && broken === constraint
}

const transientStates: ReadonlySet<string> = new Set([
  ...['40001', '40P01', '55P03', '57014', '57P01', '57P02', '57P03', '53300', '25006'],
  ...['08000', '08001', '08003', '08004', '08006', '08007'],
  // PgBouncer says it of a server that is away or has no connection left. Postgres itself hardly ever does.
  '08P01',
])

const disconnected: ReadonlySet<Mapped['kind']> = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'TooManyConnections',
  'SocketTimeout',
])

/** Prisma found no free connection for a transaction in time, or the transaction took too long and was rolled back. */
const transactionTimedOut = 'P2028'

/** Deadlock, lock timeout, serialization, or the server is away: the same statement may work now. */
export function isTransientError(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === transactionTimedOut) return true
  const state = sqlStateOf(error)
  const mapped = mappedIn(error)
  return (state !== null && transientStates.has(state)) || (mapped !== null && disconnected.has(mapped.kind))
}

/** Prisma wraps the adapter's error, or passes it on. */
function mappedIn(error: unknown): Mapped | null {
  const inside = error instanceof Prisma.PrismaClientKnownRequestError ? error.meta?.driverAdapterError : error
  return inside instanceof DriverAdapterError ? inside.cause : null
}
