import type { Static, TSchema } from '@sinclair/typebox'
import { envSchema } from 'env-schema'
import { findProxyProblem } from './egress-settings.ts'
import { type EngineVariables, engineVariables } from './engine-settings.ts'
import { findRedisProblems } from './redis-settings.ts'
import { configSchema, renamedSettings } from './schema.ts'

export type Config = Readonly<Static<typeof configSchema>>

/** Every problem of the environment, reported together. */
export class ConfigError extends Error {
  override name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`Switchyard cannot start with this configuration:\n${problems.map((problem) => `- ${problem}`).join('\n')}`)
    this.problems = problems
  }
}

/** Their values are or contain passwords and are never printed. */
export const secretVariables: ReadonlySet<string> = new Set([
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'REDIS_URL',
  'REDIS_SENTINEL_PASSWORD',
  'SECRETS_KEY',
  'BOOTSTRAP_API_KEY',
  'OTEL_EXPORTER_OTLP_ENDPOINT',
  'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
  'EGRESS_PROXY',
])

/**
 * Reads the configuration from environment variables. No other code reads them. Empty variables count as not set.
 *
 * @throws ConfigError
 */
export function readConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''))
  const renamed = findRenamed(given)
  if (renamed.length > 0) throw new ConfigError(renamed)
  const config = parse(given)
  const problems = findContradictions(config)
  if (problems.length > 0) throw new ConfigError(problems)
  return Object.freeze(config)
}

/** The variables that `demo --engine` finds an engine by. Empty ones count as not set. */
export function readEngineVariables(env: Readonly<Record<string, string | undefined>> = process.env): EngineVariables {
  const given = Object.keys(engineVariables).flatMap((name) => (env[name] ? [[name, env[name]]] : []))
  return Object.fromEntries(given)
}

/** Does not repeat values: `DOCS` and `METRICS` are common names that another program may use. */
function findRenamed(given: Record<string, unknown>): string[] {
  return renamedSettings
    .filter(({ old }) => given[old] !== undefined)
    .map(({ old, name, hint }) => `${old} is now ${name}. Set ${name}${hint ? ` (${hint})` : ''} and remove ${old}.`)
}

function parse(given: Record<string, unknown>): Config {
  try {
    return envSchema<Static<typeof configSchema>>({ schema: configSchema, data: { ...given }, env: false })
  } catch (error) {
    const names = invalidVariables(error)
    if (names.length === 0) throw error
    throw new ConfigError(names.map((name) => describeProblem(name, given[name])))
  }
}

/** The validator reports a value once per alternative; each variable is named once. */
function invalidVariables(error: unknown): (keyof typeof configSchema.properties)[] {
  const { errors = [] } = error as { errors?: { instancePath: string }[] }
  const invalid = new Set(errors.map(({ instancePath }) => instancePath.slice(1)))
  return (Object.keys(configSchema.properties) as (keyof typeof configSchema.properties)[]).filter((name) =>
    invalid.has(name),
  )
}

function describeProblem(name: keyof typeof configSchema.properties, value: unknown): string {
  const schema: TSchema = configSchema.properties[name]
  const shown = secretVariables.has(name) ? 'has an invalid value (not shown)' : `is ${JSON.stringify(value)}`
  const otherwise = schema.default === undefined ? 'or leave it out' : `or leave it out for ${schema.default}`
  return `${name} ${shown}: it must be ${describeAllowed(schema)}. Correct it, ${otherwise}.`
}

/** The allowed values of a variable, in words; also printed in docs/configuration.md. */
export function describeAllowed(schema: TSchema): string {
  if (schema.title !== undefined) return schema.title
  if (schema.type === 'boolean') return '`true` or `false`'
  if (schema.type === 'integer') return `a whole number from ${schema.minimum} to ${schema.maximum}`
  const choices = (schema.anyOf as { const: string }[]).map((choice) => `\`${choice.const}\``)
  return `one of ${choices.join(', ')}`
}

function findContradictions(config: Config): string[] {
  const problems = databaseUrls.flatMap((name) => findUrlProblem(name, config[name]))
  problems.push(...findRedisProblem(config))
  problems.push(...findProxyProblem(config.EGRESS_PROXY))
  if (config.EGRESS_NO_PROXY !== undefined && config.EGRESS_PROXY === undefined)
    problems.push('EGRESS_NO_PROXY is set and EGRESS_PROXY is not. Set both, or leave it out.')
  if (config.DATABASE_DIRECT_URL !== undefined && config.DATABASE_URL === undefined)
    problems.push('DATABASE_DIRECT_URL is set and DATABASE_URL is not. Set both, or only DATABASE_URL.')
  if (config.SWEEP_MIN_INTERVAL_MS > config.SWEEP_MAX_INTERVAL_MS) {
    problems.push(
      `SWEEP_MIN_INTERVAL_MS is ${config.SWEEP_MIN_INTERVAL_MS}, more than SWEEP_MAX_INTERVAL_MS ` +
        `(${config.SWEEP_MAX_INTERVAL_MS}). Lower the first or raise the second.`,
    )
  }
  const {
    WORKLOAD_RETENTION_DAYS: workloadDays,
    EVENT_RETENTION_DAYS: eventDays,
    IDEMPOTENCY_TTL_HOURS: hours,
  } = config
  if (workloadDays !== undefined && workloadDays < eventDays) {
    problems.push(
      `WORKLOAD_RETENTION_DAYS is ${workloadDays}, less than EVENT_RETENTION_DAYS (${eventDays}). Raise the first or lower the second.`,
    )
  }
  if (workloadDays !== undefined && workloadDays * 24 < hours) {
    problems.push(
      `WORKLOAD_RETENTION_DAYS is ${workloadDays}, less than IDEMPOTENCY_TTL_HOURS (${hours}): a repeated request would find no record. Raise the first or lower the second.`,
    )
  }
  if (config.SHUTDOWN_TIMEOUT_MS <= config.PROVIDER_TIMEOUT_MS) {
    problems.push(
      `SHUTDOWN_TIMEOUT_MS is ${config.SHUTDOWN_TIMEOUT_MS}: in-flight calls would be aborted. ` +
        `It must be more than PROVIDER_TIMEOUT_MS (${config.PROVIDER_TIMEOUT_MS}).`,
    )
  }
  if (config.SHUTDOWN_DRAIN_MS >= config.SHUTDOWN_TIMEOUT_MS) {
    problems.push(
      `SHUTDOWN_DRAIN_MS is ${config.SHUTDOWN_DRAIN_MS}: no time would be left to finish requests. ` +
        `It must be less than SHUTDOWN_TIMEOUT_MS (${config.SHUTDOWN_TIMEOUT_MS}).`,
    )
  }
  return problems
}

const databaseUrls = ['DATABASE_URL', 'DATABASE_DIRECT_URL'] as const

/** The parts of a URL that may be misread because of characters that are not encoded. */
function splitUrl(text: string) {
  const [, authority = '', rest = ''] = text.match(/^[^:]+:\/\/([^/?#]*)(.*)$/s) ?? []
  const [userInfo = '', hosts = '', ...more] = authority.includes('@') ? authority.split('@') : ['', authority]
  return { userInfo, hosts, hasMore: more.length > 0, rest }
}

/** Of the characters that end the user's part or the authority, one that is not encoded leaves an @ behind. */
function findEncodingProblem(name: string, text: string): string[] {
  const { userInfo, hasMore, rest } = splitUrl(text)
  if (!hasMore && !/[@#]/.test(rest) && isDecodable(userInfo)) return []
  return [
    `${name} (not shown) has one of the characters @ / ? # % in its user name or password as it is, or an @ or # in ` +
      'a parameter. Percent-encode them: %40 %2F %3F %23 %25.',
  ]
}

function findRedisProblem(config: Config): string[] {
  const encoding = findEncodingProblem('REDIS_URL', config.REDIS_URL ?? '')
  return encoding.length > 0 ? encoding : findRedisProblems(config)
}

/** Finds URLs that `new URL` misparses or rejects. Never repeats a part of the URL, which may be part of a password. */
function findUrlProblem(name: string, text: string | undefined): string[] {
  if (text === undefined) return []
  const encoding = findEncodingProblem(name, text)
  if (encoding.length > 0) return encoding
  const { hosts, rest } = splitUrl(text)
  if (hosts.includes(',') || /[?&]host=[^&?]*(,|%2C)/i.test(rest))
    return [`${name} (not shown) names several hosts. Name one; a proxy or a DNS name can follow the primary.`]
  if (hosts !== '' && !URL.canParse(text))
    return [`${name} (not shown) is not of the form scheme://user:password@host:port/database. Correct it.`]
  return findParameterProblem(name, rest)
}

const seconds = { allowed: /^(?!0)\d{1,4}$/, description: 'a number of seconds from 1 to 9999' }

/** The parameters read by infra/connecting.ts. */
const connectingValues: Readonly<Record<string, { allowed: RegExp; description: string }>> = {
  channel_binding: { allowed: /^(disable|prefer|require)$/, description: '`disable`, `prefer` or `require`' },
  connect_timeout: seconds,
  pool_timeout: seconds,
  pgbouncer: { allowed: /^(true|false)$/, description: '`true` or `false`' },
  connection_limit: { allowed: /^([2-9]|[1-9]\d{1,2}|1000)$/, description: 'a whole number from 2 to 1000' },
}

/** Supported parameters: those of `pg`, infra/connection-url.ts and infra/connecting.ts. */
const databaseParameters: ReadonlySet<string> = new Set([
  ...['host', 'port', 'user', 'password', 'application_name', 'options', 'schema', 'search_path'],
  ...['ssl', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslnegotiation', 'uselibpqcompat'],
  ...['statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout'],
  ...Object.keys(connectingValues),
])

/** `pg` ignores unknown parameters silently, so they are rejected here. */
function findParameterProblem(name: string, rest: string): string[] {
  const parameters = new URLSearchParams(rest.split('?').slice(1).join('?'))
  const unknown = [...new Set(parameters.keys())].filter((each) => !databaseParameters.has(each))
  if (unknown.length === 0) return findValueProblem(name, parameters)
  const named = unknown.every((each) => /^\w{1,63}$/.test(each)) ? `the parameters ${unknown.join(', ')}` : 'parameters'
  return [
    `${name} (not shown) has ${named}, which would have no effect. Leave out all but ${[...databaseParameters].join(', ')}; ` +
      'a setting of sessions goes into options, as -c%20name%3Dvalue.',
  ]
}

function findValueProblem(name: string, parameters: URLSearchParams): string[] {
  return Object.entries(connectingValues).flatMap(([parameter, { allowed, description }]) =>
    parameters.getAll(parameter).every((value) => allowed.test(value))
      ? []
      : [
          `${name} (not shown) has a ${parameter} that is not valid: it must be ${description}. Correct it, or leave it out.`,
        ],
  )
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
