import { createRequire } from 'node:module'
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino'

export type { Logger } from 'pino'

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** Field names that never reach a log line, at the top and up to two levels down. Header names are lower case in Node. */
const secretFields = [
  'authorization',
  'cookie',
  'set-cookie',
  'x-auth-token',
  'x-subject-token',
  'x-slurm-user-token',
  'x-ncp-access-key',
  'x-ncp-secret-key',
  'x-ncp-signature-v2',
  'x-ncp-apigw-signature-v2',
  'x-ncp-iam-access-key',
  'x-api-key',
  'apiKey',
  'api_key',
  'accessKey',
  'access_key',
  'credentials',
  'password',
  'privateKey',
  'secret',
  'secretKey',
  'secret_key',
  'secretVariables',
  'secretsKey',
  'signature',
  'signingSecret',
  'token',
  'accessToken',
  'access_token',
  'refreshToken',
]

const redactPaths = secretFields.flatMap((field) => {
  const step = /^\w+$/.test(field) ? `.${field}` : `["${field}"]`
  return [step.replace(/^\./, ''), `*${step}`, `*.*${step}`]
})

export interface LogOptions {
  level: LogLevel
  /** Where lines go; standard output by default. */
  destination?: DestinationStream
  /** Readable lines instead of JSON; by default when standard output is a terminal and `pino-pretty` is installed. */
  pretty?: boolean
}

/**
 * Levels: error = ours to fix; warn = odd but handled; info = something happened in the domain; debug = detail.
 * Secrets are removed by field name as a second line of defence; the first is not to log them.
 */
export function makeLogger({ level, destination, pretty }: LogOptions): Logger {
  const options: LoggerOptions = {
    level,
    redact: { paths: redactPaths, censor: '[redacted]' },
    serializers: { err: describeError },
  }
  if (destination !== undefined) return pino(options, destination)
  const readable = pretty ?? (process.stdout.isTTY === true && isInstalled('pino-pretty'))
  if (!readable) return pino(options)
  const settings = { ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' }
  return pino({ ...options, transport: { target: 'pino-pretty', options: settings } })
}

/** What a log line tells of an error. Libraries hang whole clients and pools on theirs. */
function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { name, message, stack, code, cause } = error as Error & { code?: unknown }
  return { name, message, stack, code, ...(cause === undefined ? {} : { cause: describeError(cause) }) }
}

/** It is a development dependency: the production image does not carry it. */
function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name)
    return true
  } catch {
    return false
  }
}
