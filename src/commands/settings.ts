import { getHeapStatistics } from 'node:v8'
import ipaddr from 'ipaddr.js'
import { type Config, ConfigError } from '../config/config.ts'
import { type ContainerSettings, webhookSettings } from '../container/container.ts'
import { egressOf } from './egress-settings.ts'

/** The part of `PROVIDER_TIMEOUT_MS` within which a create may be sent; later ones are guaranteed not to be sent. */
const sendWithinPart = 0.5

/** Maps the configuration to the settings of each module. */
export function settingsOf(config: Config): ContainerSettings {
  return {
    pollIntervals: {
      quickMs: config.SWEEP_MIN_INTERVAL_MS,
      slowMs: config.SWEEP_MAX_INTERVAL_MS,
      resendMs: 60_000,
      confirmGoneMs: 10_000,
    },
    timing: { callTimeoutMs: config.PROVIDER_TIMEOUT_MS, sendWithinMs: config.PROVIDER_TIMEOUT_MS * sendWithinPart },
    heldProviders: new Set(config.PAUSED_PROVIDERS?.split(',') ?? []),
    leaseMs: config.LEASE_MS,
    pollIntervalMs: config.POLL_INTERVAL_MS,
    concurrency: config.WORKER_CONCURRENCY,
    callsPerSecond: config.PROVIDER_CALLS_PER_SECOND,
    // Scans mostly wait for providers; each holds a list page in memory, which may be large.
    sweepConcurrency: 16,
    sweep: {
      minMs: config.SWEEP_MIN_INTERVAL_MS,
      maxMs: config.SWEEP_MAX_INTERVAL_MS,
      callTimeoutMs: config.PROVIDER_TIMEOUT_MS,
      maxPages: 2000,
      maxWatched: 100_000,
      graceMs: 10_000,
    },
    bodyLimitBytes: config.BODY_LIMIT_BYTES,
    batchLimitBytes: config.BATCH_BODY_LIMIT_BYTES,
    keyTtlHours: config.IDEMPOTENCY_TTL_HOURS,
    waiting: { maxSeconds: config.PREFER_WAIT_MAX_SECONDS, perCaller: config.PREFER_WAIT_MAX_PER_KEY },
    streaming: { perCaller: config.EVENT_STREAMS_MAX_PER_KEY },
    events: { retentionDays: config.EVENT_RETENTION_DAYS },
    ...(config.WORKLOAD_RETENTION_DAYS === undefined ? {} : { workloadRetentionDays: config.WORKLOAD_RETENTION_DAYS }),
    ...(config.AUDIT_RETENTION_DAYS === undefined ? {} : { auditRetentionDays: config.AUDIT_RETENTION_DAYS }),
    recordLogs: { audit: config.AUDIT_LOG !== undefined, events: config.EVENT_LOG !== undefined },
    ...egressOf(config),
    webhooks: webhookSettings({ timeoutMs: config.WEBHOOK_TIMEOUT_MS }),
    edge: {
      trustedProxies: trustedProxiesOf(config),
      corsOrigins: listOf(config.CORS_ORIGINS).map((origin) => readable('CORS_ORIGINS', origin)),
      publicUrl: publicUrlOf(config),
      hasDocs: config.DOCS_ENABLED,
      hasMetrics: config.METRICS_ENABLED,
      load: {
        maxEventLoopDelayMs: config.MAX_EVENT_LOOP_DELAY_MS,
        maxHeapBytes: (getHeapStatistics().heap_size_limit * config.MAX_HEAP_PERCENT) / 100,
      },
      timeouts: { headersMs: 10_000, requestMs: 30_000, responseMs: 60_000 },
    },
    requestRate:
      config.REQUEST_RATE_LIMIT === 0
        ? null
        : { requests: config.REQUEST_RATE_LIMIT, windowSeconds: config.REQUEST_RATE_WINDOW_SECONDS },
    ...oidcOf(config),
  }
}

function listOf(text: string | undefined): readonly string[] {
  return text === undefined ? [] : text.split(',').map((item) => item.trim())
}

/** @throws ConfigError if it is not a URL */
function readable(name: string, url: string): string {
  if (URL.canParse(url)) return url
  throw new ConfigError([`${name} is ${JSON.stringify(url)}, which is not a URL. Correct it.`])
}

function publicUrlOf({ PUBLIC_URL: url }: Config): string {
  return url === undefined ? '' : readable('PUBLIC_URL', url).replace(/(?<!\/)\/+$/, '')
}

const namedRanges: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** In Fastify's format: addresses, ranges with a prefix length or netmask, and named ranges. */
function trustedProxiesOf({ TRUSTED_PROXIES }: Config): readonly string[] {
  const proxies = listOf(TRUSTED_PROXIES)
  const problems = proxies
    .filter(
      (proxy) => !namedRanges.has(proxy) && !ipaddr.isValid(proxy) && !ipaddr.isValidCIDR(proxy) && !isMasked(proxy),
    )
    .map((proxy) => `TRUSTED_PROXIES has ${JSON.stringify(proxy)}, which is not an address or a range. Correct it.`)
  if (problems.length > 0) throw new ConfigError(problems)
  return proxies
}

function isMasked(range: string): boolean {
  const [address = '', mask = '', ...more] = range.split('/')
  if (more.length > 0 || !ipaddr.isValid(address) || !ipaddr.IPv4.isValid(mask)) return false
  return ipaddr.IPv4.parse(mask).prefixLengthFromSubnetMask() !== null
}

/** Requires both settings: tokens must be issued for this service. */
function oidcOf(config: Config): Pick<ContainerSettings, 'oidc'> {
  const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience } = config
  if (issuer === undefined && audience === undefined) return {}
  if (issuer === undefined || audience === undefined)
    throw new ConfigError(['OIDC_ISSUER and OIDC_AUDIENCE require each other. Set both, or neither.'])
  readable('OIDC_ISSUER', issuer)
  return {
    oidc: {
      issuer,
      audiences: listOf(audience),
      audienceClaim: config.OIDC_AUDIENCE_CLAIM,
      projectClaim: config.OIDC_PROJECT_CLAIM,
      scopesClaim: config.OIDC_SCOPES_CLAIM,
      scopePrefix: config.OIDC_SCOPE_PREFIX ?? '',
    },
  }
}
