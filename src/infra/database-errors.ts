import { DriverAdapterError } from '@prisma/driver-adapter-utils'
import { DatabaseError } from 'pg'
import { Prisma } from '../generated/prisma/client.ts'

/**
 * Classifies database errors by the classes and codes of the database layer only. Messages are not evaluated because
 * they may repeat client or provider input; errors of other classes are never database errors.
 */

/** The driver error as mapped by the driver adapter. */
type Mapped = DriverAdapterError['cause'] & { constraint?: { index?: string } }

/** The SQLSTATE of a failed statement; null if the server sent none or the error is not a database error. */
export function sqlStateOf(error: unknown): string | null {
  if (error instanceof DatabaseError) return error.code ?? null
  return mappedIn(error)?.originalCode ?? null
}

/** Whether the database or the connection to it failed. */
export function isDatabaseError(error: unknown): boolean {
  return error instanceof DatabaseError || mappedIn(error) !== null || isTransientError(error)
}

/** The server's error message; null if the server sent none or the error is not a database error. */
export function serverMessageOf(error: unknown): string | null {
  if (error instanceof DatabaseError) return error.message
  const mapped = mappedIn(error)
  return mapped?.originalCode === undefined ? null : (mapped.originalMessage ?? null)
}

/** The data of one row is invalid (class 22) or violates a constraint (class 23). */
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
  // PgBouncer's code for an unavailable server or an exhausted pool. Postgres itself rarely uses it.
  '08P01',
])

const disconnected: ReadonlySet<Mapped['kind']> = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'TooManyConnections',
  'SocketTimeout',
])

/** Prisma got no free connection for a transaction in time, or the transaction timed out and was rolled back. */
const transactionTimedOut = 'P2028'

/** Deadlock, lock timeout, serialization failure or unavailable server: retrying the same statement may succeed. */
export function isTransientError(error: unknown): boolean {
  if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === transactionTimedOut) return true
  const state = sqlStateOf(error)
  const mapped = mappedIn(error)
  return (state !== null && transientStates.has(state)) || (mapped !== null && disconnected.has(mapped.kind))
}

/** Prisma wraps the adapter's error or passes it on. */
function mappedIn(error: unknown): Mapped | null {
  const inside = error instanceof Prisma.PrismaClientKnownRequestError ? error.meta?.driverAdapterError : error
  return inside instanceof DriverAdapterError ? inside.cause : null
}
