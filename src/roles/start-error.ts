import { nameDatabase } from '../infra/connection-url.ts'
import { UnfitDatabaseError } from '../infra/database-facts.ts'

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
  '42501': 'does not let this user do what is needed. Run as its owner, or grant it',
}

const unknownAuthority =
  'has a certificate that is signed by no authority known here. Add `sslmode=verify-full&sslrootcert=<file>` to ' +
  'DATABASE_URL, with the certificate of its authority'

/** What TLS says: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const tlsProblems: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another host name. Connect to the name that it is for',
  CERT_HAS_EXPIRED: 'has a certificate that has expired. Renew it',
}

const noAnswer = 'does not answer in time. Start it; behind a pooler, let that open more connections to the server'

/** What the database was asked and answered. Names neither user nor password, but what the server says may name the user. */
export function databaseError(databaseUrl: string, error: unknown): StartError {
  return new StartError(`Switchyard cannot start: the database ${nameDatabase(databaseUrl)} ${problemOf(error)}.`, {
    cause: error,
  })
}

/** Refusals that say all there is to say. */
const isPlain: ReadonlySet<string> = new Set(['28P01', '3D000', '42P01', '42703'])

function problemOf(error: unknown): string {
  if (error instanceof UnfitDatabaseError) return error.message
  const { code = '', message, severity, path } = error as Partial<Record<'code' | 'severity' | 'path', string>> & Error
  const known = refusals[code] ?? tlsProblems[code]
  const said = severity === undefined || isPlain.has(code) ? '' : `. It says: ${message}`
  if (known !== undefined) return known + said
  if (severity !== undefined) return `refuses (${code})${said}`
  if (message === 'Query read timeout') return noAnswer
  if (path !== undefined) return `cannot be asked: the file ${path} of DATABASE_URL cannot be read (${code})`
  return `cannot be reached (${code === '' ? message : code}). Start it, or correct DATABASE_URL`
}

/** The engine's own stack follows its words. */
const engineTrace = /\n[^\S\n]*0: \w+::/

/** What stopped a migration, in the words of Postgres or of the engine that runs them. */
export function migrationError(databaseUrl: string, error: unknown): StartError {
  const [said = ''] = (error as Error).message.split(engineTrace, 1)
  return new StartError(`Switchyard cannot migrate the database ${nameDatabase(databaseUrl)}: ${said.trim()}`, {
    cause: error,
  })
}

/** Where an older version, or a migration that failed, left the database behind. */
export function migrationsError(databaseUrl: string, missing: readonly string[]): StartError {
  const what = `lacks migrations of this version (${missing.join(', ')}). Run \`migrate\` first`
  return new StartError(`Switchyard cannot start: the database ${nameDatabase(databaseUrl)} ${what}.`)
}

const listenProblems: Readonly<Record<string, (elsewhere: string) => string>> = {
  EADDRINUSE: (elsewhere) => `is in use. Stop what listens there, or set ${elsewhere}`,
  EADDRNOTAVAIL: () => 'is not an address of this machine. Correct HOST',
  ENOTFOUND: () => 'is not an address of this machine. Correct HOST',
  EACCES: () => 'is not for this user to listen on. Set a PORT above 1023',
}

interface ListenPlace {
  host: string
  port: number
  /** What would listen there, where it is not the service itself. */
  what?: string
  /** What to set for another port. */
  elsewhere?: string
}

export function listenError(place: ListenPlace, error: unknown): unknown {
  const { host, port, what = '', elsewhere = 'another PORT' } = place
  const problem = listenProblems[(error as { code?: string }).code ?? '']?.(elsewhere)
  if (problem === undefined) return error
  return new StartError(`Switchyard cannot start: ${host}:${port}${what} ${problem}.`, { cause: error })
}

/** What the embedded Postgres said, or what kept it from being started. */
export function embeddedPostgresError(error: unknown): StartError {
  const { message } = error as Error
  return new StartError(`Switchyard cannot start its embedded Postgres: ${message}`, { cause: error })
}
