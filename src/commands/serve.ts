import { type Config, ConfigError, readConfig } from '../config/config.ts'
import { logConsole } from '../infra/console-lines.ts'
import { type Logger, makeLogger } from '../infra/logger.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { ignoredNoProxy } from './egress-settings.ts'
import { startLocalStack } from './local-stack.ts'
import { redisOf } from './redis-settings.ts'
import { readVersion, type Service, startService } from './service.ts'
import { settingsOf } from './settings.ts'
import { isDoneWithin } from './shutdown.ts'
import { startTracing } from './tracing.ts'
import { untilSignal } from './until-signal.ts'

/** Offset of the embedded sandbox's first port from the service's port. */
const sandboxPortOffset = 100

/** The running service. */
interface Running extends Pick<Service, 'stop'> {
  /** Resolves with the reason when the service cannot continue. */
  lost?: Promise<Error>
}

interface Parts {
  logger: Logger
  tracing: Tracing
}

/** How long the export of the last spans may take. */
const exportMs = 3000

const never = new Promise<never>(() => {})

/** Runs until SIGTERM or SIGINT. Without `DATABASE_URL` it starts the embedded stack. */
export async function serve(): Promise<void> {
  const config = readConfig()
  const tracing = await startTracing(config, readVersion(), { warn: (...line) => logger.warn(...line) })
  const logger = makeLogger({ level: config.LOG_LEVEL, ...(tracing.isOn && { fields: tracing.logFields }) })
  logConsole(logger)
  const entries = ignoredNoProxy(config)
  if (entries.length > 0) logger.warn({ entries }, 'entries of NO_PROXY in an unknown form are ignored')
  const signal = untilSignal()
  const { stop, lost = never } =
    config.DATABASE_URL === undefined
      ? await serveLocally(config, { logger, tracing })
      : await serveConfigured(config, { logger, tracing }, config.DATABASE_URL)
  const received = await Promise.race([signal, lost])
  if (received instanceof Error) {
    logger.fatal({ err: received }, 'embedded Postgres failed and cannot be restarted')
    process.exitCode = 1
  } else logger.info({ signal: received }, 'stopping; finishing in-flight work')
  // Draining is for proxies. Ctrl-C in a terminal skips it.
  await stop(received === 'SIGTERM' ? config.SHUTDOWN_DRAIN_MS : 0)
  await isDoneWithin(exportMs, tracing.close())
  logger.info('stopped')
}

async function serveConfigured(config: Config, { logger, tracing }: Parts, databaseUrl: string): Promise<Running> {
  if (config.SECRETS_KEY === undefined) {
    throw new ConfigError([
      'SECRETS_KEY is not set and is required with DATABASE_URL. Generate it with `openssl rand -base64 32` and keep it.',
    ])
  }
  const redis = redisOf(config)
  const service = await startService({
    role: config.ROLE,
    host: config.HOST,
    port: config.PORT,
    ...(config.METRICS_PORT === undefined ? {} : { metricsPort: config.METRICS_PORT }),
    databaseUrl,
    ...(config.DATABASE_DIRECT_URL === undefined ? {} : { databaseDirectUrl: config.DATABASE_DIRECT_URL }),
    databasePoolSize: config.DATABASE_POOL_SIZE,
    ...(redis === null ? {} : { redis: { settings: redis } }),
    secretsKey: config.SECRETS_KEY,
    ...(config.BOOTSTRAP_API_KEY === undefined ? {} : { bootstrapApiKey: config.BOOTSTRAP_API_KEY }),
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    settings: settingsOf(config),
    ...{ logger, tracing },
  })
  const { url, metricsUrl } = service
  logger.info({ role: config.ROLE, url, ...(metricsUrl === null ? {} : { metricsUrl }) }, 'ready')
  return service
}

async function serveLocally(config: Config, { logger, tracing }: Parts): Promise<Running> {
  const sandboxPort = config.PORT === 0 ? 0 : config.PORT + sandboxPortOffset
  const place = { dataDir: config.DATA_DIR, persistent: true, sandboxPort }
  const stack = await startLocalStack({ config, ...place, logger, tracing })
  logger.info({ role: 'all', url: stack.url, sandbox: stack.sandbox.url }, 'ready')
  // Values of the environment are never printed.
  const isConfigured = stack.apiKey === config.BOOTSTRAP_API_KEY
  process.stdout.write(welcome(stack.url, isConfigured ? '$BOOTSTRAP_API_KEY' : stack.apiKey))
  return stack
}

function welcome(url: string, apiKey: string): string {
  const body = '{"provider":"dataforest","name":"hello","image":"tensorflow:r2.3.1-py3","command":["ls"]}'
  return `
Switchyard is ready at ${url}  (API documentation: ${url}/docs)

Providers are the embedded SANDBOX: no workload is executed and nothing is billed.
Your API key: ${apiKey}

Try it:
  curl -s ${url}/environments -H "authorization: Bearer ${apiKey}" \\
    -H 'content-type: application/json' -d '${body}'

`
}
