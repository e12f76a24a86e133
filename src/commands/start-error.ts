import { ConfigError } from '../config/config.ts'
import { nameDatabase } from '../infra/connection-url.ts'
import { isDatabaseError, serverMessageOf, sqlStateOf } from '../infra/database-errors.ts'
import { UnfitDatabaseError } from '../infra/database-facts.ts'
import { ApiError } from '../vocabulary/api-error.ts'

/** The reason why the service cannot start, in one line for the operator. */
export class StartError extends Error {
  override name = 'StartError'
}

/** SQLSTATEs of unusable databases: https://www.postgresql.org/docs/current/errcodes-appendix.html */
const deniedBy: Readonly<Record<string, string>> = {
  '28P01': 'rejects this user. Correct DATABASE_URL',
  '28000': 'rejects this user. Correct DATABASE_URL',
  '3D000': 'does not exist. Create it, or correct DATABASE_URL',
  '42P01': 'has an outdated schema. Run `migrate` first',
  '42703': 'has an outdated schema. Run `migrate` first',
  '42501': 'denies this user a required permission. Connect as the owner, or grant it',
}

const unknownAuthority =
  'has a certificate signed by an unknown authority. Add `sslmode=verify-full&sslrootcert=<file>` to ' +
  'DATABASE_URL, with the certificate of the authority'

/** TLS errors: https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const tlsProblems: Readonly<Record<string, string>> = {
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  DEPTH_ZERO_SELF_SIGNED_CERT: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  // Raised by infra/url-client.ts.
  NO_CHANNEL_BINDING:
    'offers no channel binding, which DATABASE_URL requires. Connect with TLS (`sslmode=verify-full`) to a server that uses ' +
    'SCRAM-SHA-256 passwords, or leave out `channel_binding`',
  ERR_TLS_CERT_ALTNAME_INVALID: 'has a certificate for another host name. Connect to the name in the certificate',
  CERT_HAS_EXPIRED: 'has a certificate that has expired. Renew it',
}

const noResponse = 'does not respond in time. Start it; behind a pooler, allow more server connections'

/** A database error as a StartError. Contains no user or password, unless the server's message names the user. */
export function databaseError(databaseUrl: string, error: unknown): StartError {
  return new StartError(`Switchyard cannot start: the database ${nameDatabase(databaseUrl)} ${problemOf(error)}.`, {
    cause: error,
  })
}

/** Converts database errors into a StartError; other errors are returned unchanged. */
export function startErrorOf(databaseUrl: string, error: unknown): unknown {
  return !(error instanceof StartError) && isDatabaseError(error) ? databaseError(databaseUrl, error) : error
}

/** SQLSTATEs whose description is sufficient without the server's message. */
const isPlain: ReadonlySet<string> = new Set(['28P01', '3D000', '42P01', '42703'])

function problemOf(error: unknown): string {
  if (error instanceof UnfitDatabaseError) return error.message
  const { message, severity, path, ...rest } = error as Partial<Record<'code' | 'severity' | 'path', string>> & Error
  const code = sqlStateOf(error) ?? rest.code ?? ''
  const serverMessage = serverMessageOf(error) ?? (severity === undefined ? null : message)
  const known = deniedBy[code] ?? tlsProblems[code]
  const text = serverMessage === null || isPlain.has(code) ? '' : `. Its message: ${serverMessage}`
  if (known !== undefined) return known + text
  if (serverMessage !== null) return `rejects the connection (${code})${text}`
  if (message === 'Query read timeout') return noResponse
  if (path !== undefined) return `cannot be reached: the file ${path} named in DATABASE_URL cannot be read (${code})`
  return `cannot be reached (${code === '' ? message : code}). Start it, or correct DATABASE_URL`
}

/** The engine's stack trace follows its message. */
const engineTrace = /\n[^\S\n]*0: \w+::/

/** The error of a migration, with the message of Postgres or the schema engine. */
export function migrationError(databaseUrl: string, error: unknown): StartError {
  const [text = ''] = (error as Error).message.split(engineTrace, 1)
  return new StartError(`Switchyard cannot migrate the database ${nameDatabase(databaseUrl)}: ${text.trim()}`, {
    cause: error,
  })
}

/** The database has an older schema or a failed migration. */
export function migrationsError(databaseUrl: string, missing: readonly string[]): StartError {
  const what = `lacks migrations of this version (${missing.join(', ')}). Run \`migrate\` first`
  return new StartError(`Switchyard cannot start: the database ${nameDatabase(databaseUrl)} ${what}.`)
}

const notLocal = 'is not an address of this host. Correct HOST'

const listenProblems: Readonly<Record<string, (otherSetting: string) => string>> = {
  EADDRINUSE: (otherSetting) => `is in use. Stop the other process, or set ${otherSetting}`,
  ...Object.fromEntries(
    // EINVAL: a link-local address without its zone.
    ['EADDRNOTAVAIL', 'ENOTFOUND', 'EAI_AGAIN', 'EAFNOSUPPORT', 'EINVAL'].map((code) => [code, () => notLocal]),
  ),
  EACCES: () => 'requires privileges that this user lacks. Set a PORT above 1023',
}

const listenCalls: ReadonlySet<string> = new Set(['listen', 'getaddrinfo', 'bind'])

interface ListenPlace {
  host: string
  port: number
  /** The component that listens there, if it is not the service itself. */
  what?: string
  /** The setting that selects another port. */
  otherSetting?: string
}

export function listenError(place: ListenPlace, error: unknown): unknown {
  const { host, port, what = '', otherSetting = 'another PORT' } = place
  const { code = '', syscall = '' } = error as Partial<Record<'code' | 'syscall', string>>
  if (!listenCalls.has(syscall)) return error
  const problem = listenProblems[code]?.(otherSetting) ?? `is not available (${code}). Correct HOST and PORT`
  return new StartError(`Switchyard cannot start: ${host}:${port}${what} ${problem}.`, { cause: error })
}

/** The message of the embedded Postgres, or the reason why it could not be started. */
export function embeddedPostgresError(error: unknown): StartError {
  const { message } = error as Error
  return new StartError(`Switchyard cannot start its embedded Postgres: ${message}`, { cause: error })
}

/** The sandbox's journal is damaged or inaccessible. Null for any other error. */
export function journalError(file: string, error: unknown): StartError | null {
  const isDamaged = error instanceof SyntaxError
  const { code } = error as NodeJS.ErrnoException
  if (!isDamaged && code === undefined) return null
  const problem = isDamaged
    ? `is damaged (${error.message}). Repair it, or remove it to start with an empty sandbox`
    : `cannot be read or written (${code}). Correct DATA_DIR`
  return new StartError(`Switchyard cannot start: ${file} ${problem}.`, { cause: error })
}

/** The output of a failed command: a sentence, or a stack trace for an internal error. */
export function failureText(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StartError || error instanceof ApiError) return error.message
  const { code, message, stack } = error as NodeJS.ErrnoException
  if (code?.startsWith('ERR_PARSE_ARGS')) return message
  return `Unexpected error: ${message}. Please report it:\n${stack}`
}
