/** What a failed statement's SQLSTATE says. Prisma wraps the driver's error; the state stands somewhere inside. */
export function sqlStateOf(error: unknown): string | null {
  for (let at: unknown = error, depth = 0; depth < 6 && typeof at === 'object' && at !== null; depth += 1) {
    const { code, originalCode } = at as { code?: unknown; originalCode?: unknown }
    if (isSqlState(originalCode)) return originalCode
    if (isSqlState(code)) return code
    const next = at as { meta?: unknown; driverAdapterError?: unknown; cause?: unknown }
    at = next.meta ?? next.driverAdapterError ?? next.cause
  }
  return null
}

function isSqlState(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Z]{5}$/.test(value) && !/^P2\d{3}$/.test(value)
}

/** The data of one row is at fault (class 22), or it breaks a constraint (class 23). */
export function isDataError(error: unknown): boolean {
  const state = sqlStateOf(error)
  return state !== null && (state.startsWith('22') || state.startsWith('23'))
}

const transient: ReadonlySet<string> = new Set([
  ...['40001', '40P01', '55P03', '57014', '57P01', '57P02', '57P03', '53300', '25006'],
  ...['08000', '08001', '08003', '08004', '08006', '08007'],
])

/** How the adapter and the driver word a connection that is not there. */
const disconnected =
  /DatabaseNotReachable|ConnectionClosed|TooManyConnections|SocketTimeout|reach database server|connection (terminated|closed|timeout)|timeout exceeded when trying to connect|ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH/i

/** Prisma found no free connection for a transaction in time, or the transaction took too long and was rolled back. */
const transactionTimedOut = 'P2028'

/** Deadlock, lock timeout, serialization, or the server is away: the same statement may work now. */
export function isTransientError(error: unknown): boolean {
  const state = sqlStateOf(error)
  if ((error as { code?: unknown } | null)?.code === transactionTimedOut) return true
  return (state !== null && transient.has(state)) || disconnected.test(JSON.stringify(describe(error)))
}

export function isUniqueViolation(error: unknown, constraint: string): boolean {
  return sqlStateOf(error) === '23505' && JSON.stringify(describe(error)).includes(constraint)
}

/** The parts of an error where the constraint's name can stand. */
function describe(error: unknown): unknown {
  const { message, meta } = error as { message?: unknown; meta?: unknown }
  return [message, meta]
}
