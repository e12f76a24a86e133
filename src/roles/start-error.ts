/** Why the service cannot start, in one line for whoever starts it. */
export class StartError extends Error {
  override name = 'StartError'
}

/** SQLSTATEs that say what is wrong with the database itself: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const refusals: Readonly<Record<string, string>> = {
  '28P01': 'refuses this user. Correct DATABASE_URL',
  '28000': 'refuses this user. Correct DATABASE_URL',
  '3D000': 'does not exist. Create it, or correct DATABASE_URL',
  '42P01': 'is not as this version needs it. Run `migrate` first',
  '42703': 'is not as this version needs it. Run `migrate` first',
  '42501': 'lets this user read no table. Run `migrate` as the user of DATABASE_URL',
}

/** What the first question to the database was answered. Names neither user nor password. */
export function databaseError(databaseUrl: string, error: unknown): StartError {
  const { host, pathname } = new URL(databaseUrl)
  const { code, message } = error as { code?: string; message: string }
  const problem = refusals[code ?? ''] ?? `cannot be reached (${code ?? message}). Start it, or correct DATABASE_URL`
  return new StartError(`Switchyard cannot start: the database ${host}${pathname} ${problem}.`, { cause: error })
}

/** Where an older version, or a migration that failed, left the database behind. */
export function migrationsError(databaseUrl: string, missing: readonly string[]): StartError {
  const { host, pathname } = new URL(databaseUrl)
  const what = `lacks migrations of this version (${missing.join(', ')}). Run \`migrate\` first`
  return new StartError(`Switchyard cannot start: the database ${host}${pathname} ${what}.`)
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use. Stop what listens there, or set another PORT',
  EADDRNOTAVAIL: 'is not an address of this machine. Correct HOST',
  ENOTFOUND: 'is not an address of this machine. Correct HOST',
  EACCES: 'is not for this user to listen on. Set a PORT above 1023',
}

export function listenError({ host, port }: { host: string; port: number }, error: unknown): unknown {
  const problem = listenProblems[(error as { code?: string }).code ?? '']
  if (problem === undefined) return error
  return new StartError(`Switchyard cannot start: ${host}:${port} ${problem}.`, { cause: error })
}
