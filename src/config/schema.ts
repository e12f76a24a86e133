import { type TInteger, Type } from '@sinclair/typebox'
import { egressSettings } from './egress-settings.ts'
import { httpSettings } from './http-settings.ts'
import { redisSettings } from './redis-settings.ts'
import { tracingSettings } from './tracing-settings.ts'

/** Longest delay of a Node timer; a longer one fires immediately. */
const maxTimerMs = 2_147_483_647

const secretsKey = '([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=|[A-Za-z0-9_-]{43})'

/**
 * Environment variables. A title states the allowed value and a description the effect; both appear in
 * docs/configuration.md, and titles in error messages.
 */
export const configSchema = Type.Object({
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: 'TCP port; 0 selects any free port.' }),
  HOST: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    title: 'an address',
    description: 'Address to listen on; `0.0.0.0` for all interfaces.',
  }),
  ROLE: Type.Union([Type.Literal('all'), Type.Literal('api'), Type.Literal('worker')], {
    default: 'all',
    description: 'Role of this process: serve the API (`api`), process workloads (`worker`), or both (`all`).',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      title: 'a URL that begins with postgresql://',
      description:
        'Postgres 15 or newer, directly or through a pooler such as PgBouncer; see docs/databases.md. If absent, an ' +
        'embedded Postgres is started with its data in `DATA_DIR`.',
    }),
  ),
  DATABASE_DIRECT_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      title: 'a URL that begins with postgresql://',
      description:
        'Direct connection to the same database, bypassing a pooler in transaction mode. Used by LISTEN, the Postgres ' +
        'queue and `migrate`, which need a session. If absent behind such a pooler, changes by other processes are polled.',
    }),
  ),
  ...redisSettings,
  SECRETS_KEY: Type.Optional(
    Type.String({
      pattern: `^${secretsKey}( *, *${secretsKey}){0,9}$`,
      title: '32 bytes as 64 hex digits or base64; up to ten keys, separated by commas',
      description:
        'Key that encrypts connection credentials and secret variables; generate one with ' +
        '`openssl rand -base64 32`. Identical in all processes of an installation. With several keys, the first ' +
        'encrypts and all decrypt; see "Rotating SECRETS_KEY" below.',
    }),
  ),
  BOOTSTRAP_API_KEY: Type.Optional(
    Type.String({
      minLength: 32,
      maxLength: 256,
      title: 'text of 32 to 256 characters',
      description: 'Admin API key of the default project. Created if the database is empty, ignored otherwise.',
    }),
  ),
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) => Type.Literal(level)),
    { default: 'info', description: 'Minimum level of log messages.' },
  ),
  AUDIT_LOG: Type.Optional(
    Type.Literal('stdout', {
      title: '`stdout`',
      description:
        'Write each audit log entry as a line of JSON to standard output, by one of the processes that process workloads; see docs/operators.md.',
    }),
  ),
  EVENT_LOG: Type.Optional(
    Type.Literal('stdout', {
      title: '`stdout`',
      description: 'The same for the events of jobs and environments of all projects.',
    }),
  ),
  PAUSED_PROVIDERS: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9]+(,[a-z0-9]+)*$',
      title: 'provider ids, separated by commas',
      description:
        'Providers to which no calls are made, for example `aitems,scnet`. Their workloads wait with reason `held`.',
    }),
  ),
  ...egressSettings,
  DATA_DIR: Type.String({
    minLength: 1,
    default: '.data',
    title: 'a directory',
    description: 'Data directory for embedded mode: the embedded Postgres and generated keys.',
  }),
  DATABASE_POOL_SIZE: Type.Integer({
    minimum: 2,
    maximum: 1000,
    default: 16,
    description: 'Maximum database connections of this process.',
  }),
  WORKER_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 16,
    description: 'Maximum workloads that a worker processes concurrently.',
  }),
  PROVIDER_CALLS_PER_SECOND: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 100,
    description: 'Maximum provider calls per second and connection of a worker; 0 = unlimited.',
  }),
  POLL_INTERVAL_MS: timer(1000, 'Interval of polling the database for due work that no queue message announced.'),
  SWEEP_MIN_INTERVAL_MS: timer(
    1000,
    "Minimum interval between two scans of a connection's lists, used while workloads change.",
  ),
  SWEEP_MAX_INTERVAL_MS: timer(60_000, "Maximum interval between two scans of a connection's lists, used when idle."),
  PROVIDER_TIMEOUT_MS: timer(30_000, 'Timeout of one provider call.'),
  LEASE_MS: Type.Integer({
    // Renewed several times within its duration, each time by one statement.
    minimum: 1000,
    maximum: 3_600_000,
    default: 12_000,
    description:
      'Duration of a lease: time until another worker takes over the work of a failed one. Running workers renew their leases. In milliseconds.',
  }),
  SHUTDOWN_TIMEOUT_MS: timer(
    40_000,
    'Time for in-flight calls to finish at shutdown. Must be greater than `PROVIDER_TIMEOUT_MS`.',
  ),
  SHUTDOWN_DRAIN_MS: Type.Integer({
    minimum: 0,
    maximum: maxTimerMs,
    default: 5000,
    description:
      'Time during which requests are still accepted after SIGTERM, while `/readyz` returns 503 and each HTTP connection ' +
      'is closed after its response, so that proxies switch to other instances. Must be less than `SHUTDOWN_TIMEOUT_MS`. In milliseconds.',
  }),
  WEBHOOK_TIMEOUT_MS: timer(10_000, 'Timeout of a webhook delivery, up to the end of the response headers.'),
  ...httpSettings,
  ...tracingSettings,
  EVENT_RETENTION_DAYS: Type.Integer({
    minimum: 1,
    maximum: 36_500,
    default: 90,
    description: 'Retention of events, in days. The latest event of each record is kept as long as the record.',
  }),
  AUDIT_RETENTION_DAYS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 36_500,
      description: 'Retention of audit log entries, in days; unlimited if absent. Export them first.',
    }),
  ),
  WORKLOAD_RETENTION_DAYS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 36_500,
      description:
        'Retention of finished jobs and environments, in days; unlimited if absent. Nothing is deleted at the provider. Must be at least `EVENT_RETENTION_DAYS`.',
    }),
  ),
})

/** A duration in milliseconds, within the range of a Node timer. */
function timer(defaultMs: number, description: string): TInteger {
  return Type.Integer({
    minimum: 1,
    maximum: maxTimerMs,
    default: defaultMs,
    description: `${description} In milliseconds.`,
  })
}

/** Former names of settings, rejected at startup instead of being silently ignored. */
export const renamedSettings: readonly { old: string; name: keyof typeof configSchema.properties; hint?: string }[] = [
  { old: 'HELD_PROVIDERS', name: 'PAUSED_PROVIDERS' },
  { old: 'UPKEEP_INTERVAL_MS', name: 'POLL_INTERVAL_MS' },
  { old: 'DOCS', name: 'DOCS_ENABLED', hint: '`true` instead of `open`, `false` instead of `closed`' },
  { old: 'METRICS', name: 'METRICS_ENABLED', hint: '`true` instead of `open`, `false` instead of `closed`' },
]
