import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'
import { isSecretName } from '../vocabulary/secret-names.ts'

export type { Logger } from 'pino'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** Nesting depth to which objects are searched for names of secrets. */
const searchedDepth = 3

export interface LogOptions {
  level: LogLevel
  /** Destination of log lines; standard output by default. */
  destination?: DestinationStream
  /** Readable lines instead of JSON; default: if standard output is a terminal and `pino-pretty` is installed. */
  pretty?: boolean
  /** Fields of every line, read when it is written: the ids of a trace. */
  fields?: () => object
}

/**
 * Levels: error = a defect or outage that needs action; warn = unexpected but handled; info = domain event; debug =
 * detail. Redacts secrets by field name as a second line of defense; the first is not to log them.
 */
export function makeLogger({ level, destination, pretty, fields }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    ...(fields && { mixin: fields }),
    formatters: { log: (fields) => withoutSecrets(fields, 1), bindings: (fields) => withoutSecrets(fields, 1) },
    serializers: { err: describeError },
  }
  if (destination !== undefined) return pino(options, destination)
  const readable = pretty ?? (process.stdout.isTTY === true && isInstalled('pino-pretty'))
  if (!readable) return pino(options)
  const settings = { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }
  return pino({ ...options, transport: { target: 'pino-pretty', options: settings } })
}

/** A copy without fields whose names denote secrets. Class instances are left to their serializers. */
function withoutSecrets(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  const entries = Object.entries(fields).map(([name, value]) => {
    if (isSecretName(name) && typeof value !== 'boolean' && value !== null) return [name, '[redacted]']
    return [name, depth < searchedDepth && isPlain(value) ? withoutSecrets(value, depth + 1) : value]
  })
  return Object.fromEntries(entries)
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The logged fields of an error. Libraries attach whole clients and pools to theirs. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, code, cause } = error as Error & { code?: unknown }
  return { name, message, stack, code, ...(cause === undefined ? {} : { cause: describeError(cause) }) }
}

/** `pino-pretty` is a development dependency and missing from the production image. */
function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}
