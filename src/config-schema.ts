import { type TInteger, Type } from '@sinclair/typebox'

/** Longest delay that a Node timer can hold; above it, it fires at once. */
const maxTimerMs = 2_147_483_647

const secretsKey = '([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=|[A-Za-z0-9_-]{43})'

/**
 * What the environment may say. Titles say what a value must be, descriptions what it does: they become error
 * messages and docs/configuration.md.
 */
export const configSchema = Type.Object({
  PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8080, description: 'TCP port; 0 takes a free one.' }),
  HOST: Type.String({
    minLength: 1,
    default: '127.0.0.1',
    title: 'an address',
    description: 'Address to listen on; `0.0.0.0` is every one.',
  }),
  ROLE: Type.Union([Type.Literal('all'), Type.Literal('api'), Type.Literal('worker')], {
    default: 'all',
    description: 'What this process does: answer requests (`api`), watch providers (`worker`), or both (`all`).',
  }),
  DATABASE_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      title: 'a URL that begins with postgresql://',
      description:
        'Postgres 15 or newer, also through a pooler such as PgBouncer; see docs/databases.md. Without it an embedded ' +
        'Postgres is started, with its data in `DATA_DIR`.',
    }),
  ),
  DATABASE_DIRECT_URL: Type.Optional(
    Type.String({
      pattern: '^postgres(ql)?://',
      title: 'a URL that begins with postgresql://',
      description:
        'The same database past a pooler in transaction mode, for what needs a session of its own: LISTEN, the queue ' +
        'without Redis, `migrate`. Without it changes made by other processes are polled for.',
    }),
  ),
  REDIS_URL: Type.Optional(
    Type.String({
      pattern: '^rediss?://',
      title: 'a URL that begins with redis:// or rediss://',
      description: 'Redis 6.2 or newer, or Valkey, for the queue. Without it the queue lives in Postgres.',
    }),
  ),
  SECRETS_KEY: Type.Optional(
    Type.String({
      pattern: `^${secretsKey}( *, *${secretsKey}){0,9}$`,
      title: '32 bytes as 64 hex digits or as base64, up to ten with commas between them',
      description:
        'Key that encrypts the credentials of connections and secret variables; make one with ' +
        '`openssl rand -base64 32`. The same for every process of an installation. Of several the first encrypts and ' +
        'each decrypts; see "Changing SECRETS_KEY" below.',
    }),
  ),
  BOOTSTRAP_API_KEY: Type.Optional(
    Type.String({
      minLength: 32,
      maxLength: 256,
      title: 'text of 32 to 256 characters',
      description: 'Admin key of the first project, made when the database is empty.',
    }),
  ),
  LOG_LEVEL: Type.Union(
    (['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const).map((level) => Type.Literal(level)),
    { default: 'info', description: 'The least important log lines that are still written.' },
  ),
  HELD_PROVIDERS: Type.Optional(
    Type.String({
      pattern: '^[a-z0-9]+(,[a-z0-9]+)*$',
      title: 'provider ids with commas between them',
      description: 'Providers that nothing is sent to for now, such as `aitems,scnet`; their workloads wait.',
    }),
  ),
  EGRESS_ALLOW: Type.Optional(
    Type.String({
      pattern: '^[^,\\s]+( *, *[^,\\s]+)*$',
      title: 'hosts, `*.domain`s, addresses and CIDR ranges with commas between them',
      description:
        'Where requests may go besides https to public addresses: in-house providers, or any by http, such as ' +
        '`slurm.example.internal:6820,10.20.0.0/16`. See "Outgoing requests" below.',
    }),
  ),
  DATA_DIR: Type.String({
    minLength: 1,
    default: '.data',
    title: 'a directory',
    description: 'Directory of what is kept when nothing else is configured: embedded Postgres, generated keys.',
  }),
  DATABASE_POOL_SIZE: Type.Integer({
    minimum: 2,
    maximum: 1000,
    default: 16,
    description: 'Database connections of this process at most.',
  }),
  WORKER_CONCURRENCY: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 16,
    description: 'Workloads that a worker handles at the same time.',
  }),
  PROVIDER_CALLS_PER_SECOND: Type.Integer({
    minimum: 0,
    maximum: 100_000,
    default: 100,
    description: 'Calls over one connection that a worker makes in a second at most; 0 for as many as they come.',
  }),
  UPKEEP_INTERVAL_MS: timer(1000, 'Between two looks for workloads that are due but were not hinted at.'),
  SWEEP_MIN_INTERVAL_MS: timer(1000, "Shortest time between two walks over a connection's list, while things change."),
  SWEEP_MAX_INTERVAL_MS: timer(60_000, "Longest time between two walks over a connection's list, while nothing moves."),
  PROVIDER_TIMEOUT_MS: timer(30_000, 'How long one call to a provider may take.'),
  LEASE_MS: Type.Integer({
    // Renewed several times in its length, each time by a statement.
    minimum: 1000,
    maximum: 3_600_000,
    default: 12_000,
    description:
      'How long after the death of a worker another takes over its work; one that lives renews its leases. In milliseconds.',
  }),
  SHUTDOWN_TIMEOUT_MS: timer(
    40_000,
    'How long calls under way may take to finish at shutdown; more than `PROVIDER_TIMEOUT_MS`.',
  ),
  SHUTDOWN_DRAIN_MS: Type.Integer({
    minimum: 0,
    maximum: maxTimerMs,
    default: 5000,
    description:
      'How long requests are still taken after SIGTERM, while `/readyz` answers 503 and each connection is closed after its ' +
      'answer, so that proxies turn to other instances; less than `SHUTDOWN_TIMEOUT_MS`. In milliseconds.',
  }),
  WEBHOOK_TIMEOUT_MS: timer(10_000, 'How long a webhook endpoint may take to answer, up to the end of its headers.'),
  REQUEST_RATE_LIMIT: Type.Integer({
    minimum: 0,
    maximum: 10_000_000,
    default: 5000,
    description: 'Requests that one API key may send within a window, over all instances; 0 is no limit.',
  }),
  REQUEST_RATE_WINDOW_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 86_400,
    default: 10,
    description: 'The window of `REQUEST_RATE_LIMIT`, in seconds.',
  }),
  OIDC_ISSUER: Type.Optional(
    Type.String({
      pattern: '^https?://',
      title: 'a URL that begins with https://',
      description: 'Issuer of OpenID Connect whose tokens are taken beside API keys.',
    }),
  ),
  OIDC_AUDIENCE: Type.Optional(
    Type.String({
      pattern: '^[^, ]+( *, *[^, ]+)*$',
      title: 'one or more audiences separated by commas',
      description: 'Expected audiences, one of which a token must name; set together with `OIDC_ISSUER`.',
    }),
  ),
  OIDC_AUDIENCE_CLAIM: Type.String({
    minLength: 1,
    default: 'aud',
    title: 'the name or path of a claim',
    description: 'Claim of a token that holds its audience; `client_id` for access tokens of Amazon Cognito.',
  }),
  OIDC_PROJECT_CLAIM: Type.String({
    minLength: 1,
    default: 'project',
    title: 'the name or path of a claim',
    description: "Claim of a token that holds the project's id or name, as text or as a list of one.",
  }),
  OIDC_SCOPES_CLAIM: Type.String({
    minLength: 1,
    default: 'scope',
    title: 'the name or path of a claim',
    description: 'Claim of a token that holds the scopes, as a list or separated by spaces.',
  }),
  OIDC_SCOPE_PREFIX: Type.Optional(
    Type.String({
      pattern: '^[!-~]+$',
      title: 'text without spaces',
      description: 'Prefix of the scopes in tokens, such as `switchyard/`; scopes without it are ignored.',
    }),
  ),
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      minLength: 1,
      title: 'addresses and ranges with commas between them',
      description: 'Proxies whose `X-Forwarded-For` tells the client, such as `10.0.0.0/8,127.0.0.1`.',
    }),
  ),
  PUBLIC_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^\\s?#@]+$',
      title: 'a URL that begins with https:// or http://, without user, query and fragment',
      description:
        'Where clients reach the service, with the path under which a proxy serves it, such as ' +
        '`https://example.org/switchyard`: for `Location` and the OpenAPI document. The proxy takes the path away.',
    }),
  ),
  CORS_ORIGINS: Type.Optional(
    Type.String({
      pattern: '^https?://[^,/ ]+( *, *https?://[^,/ ]+)*$',
      title: 'origins with commas between them',
      description: 'Origins whose pages may call the API from a browser; none when absent.',
    }),
  ),
  DOCS: Type.Union([Type.Literal('open'), Type.Literal('closed')], {
    default: 'open',
    description: 'Whether `/docs` and `/openapi.json` are served.',
  }),
  METRICS: Type.Union([Type.Literal('open'), Type.Literal('closed')], {
    default: 'open',
    description: 'Whether `/metrics` is served, without a key, for Prometheus.',
  }),
  BODY_LIMIT_BYTES: Type.Integer({
    minimum: 1024,
    maximum: 67_108_864,
    default: 1_048_576,
    description: 'Largest request body, in bytes.',
  }),
  IDEMPOTENCY_TTL_HOURS: Type.Integer({
    // What the contract promises to clients.
    minimum: 24,
    maximum: 8760,
    default: 24,
    description: 'How long an `Idempotency-Key` is remembered, in hours.',
  }),
  PREFER_WAIT_MAX_SECONDS: Type.Integer({
    minimum: 0,
    maximum: 600,
    default: 60,
    description: 'Longest `Prefer: wait` that is honoured, in seconds.',
  }),
  PREFER_WAIT_MAX_PER_KEY: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 200,
    description: 'Requests of one API key that may wait at the same time in one process.',
  }),
  EVENT_STREAMS_MAX_PER_KEY: Type.Integer({
    minimum: 1,
    maximum: 100_000,
    default: 100,
    description: 'Streams of events that one API key may have open at the same time in one process.',
  }),
  EVENT_RETENTION_DAYS: Type.Integer({
    minimum: 1,
    maximum: 36_500,
    default: 90,
    description: 'How long events are kept, in days. The last one of each record is kept as long as the record.',
  }),
  WORKLOAD_RETENTION_DAYS: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 36_500,
      description:
        'How long jobs and environments are kept after they have ended, in days; forever if absent. Nothing is deleted at a provider. Must be at least `EVENT_RETENTION_DAYS`.',
    }),
  ),
})

/** A duration in milliseconds that some timer will wait for. */
function timer(defaultMs: number, description: string): TInteger {
  return Type.Integer({
    minimum: 1,
    maximum: maxTimerMs,
    default: defaultMs,
    description: `${description} In milliseconds.`,
  })
}
