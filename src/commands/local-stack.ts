import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { makeDatabase } from '../infra/database.ts'
import { startEmbeddedPostgres } from '../infra/embedded-postgres.ts'
import type { Logger } from '../infra/logger.ts'
import { migrate } from '../infra/migrate.ts'
import type { Sandbox } from '../sandbox/server.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { findOrCreateKey } from './local-api-key.ts'
import { connectSandbox, followSandbox } from './local-connections.ts'
import { type LocalFiles, makeLocalFiles } from './local-files.ts'
import { openSandbox } from './open-sandbox.ts'
import { redisOf } from './redis-settings.ts'
import { type Service, startService } from './service.ts'
import { settingsOf } from './settings.ts'
import { shellActor } from './shell-actor.ts'
import { embeddedPostgresError, migrationError, startErrorOf } from './start-error.ts'

export interface LocalStackOptions {
  config: Config
  dataDir: string
  /** Keeps data after the process ends. */
  persistent: boolean
  /** The first port of the sandbox; 0 = any free ports. */
  sandboxPort: number
  logger: Logger
  /** Absent: nothing is traced. */
  tracing?: Tracing
}

/** Switchyard with all dependencies in one process: Postgres, the sandbox, and a connection to each provider. */
export interface LocalStack {
  url: string
  apiKey: string
  sandbox: Sandbox
  /** Resolves with the last error if the database is lost permanently; the service cannot continue. */
  lost: Promise<Error>
  stop(): Promise<void>
}

export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { dataDir } = options
  const files = makeLocalFiles(dataDir)
  const secretsKey = await files.secretsKey()
  const lost = Promise.withResolvers<Error>()
  const started: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of started.toReversed()) await end()
  }
  try {
    // Started first, because a port in use is detected quickly.
    const sandbox = await startSandbox(options)
    started.push(sandbox.close)
    const postgres = await startPostgres(options, lost.resolve)
    started.push(postgres.stop)
    await migrate({ url: postgres.url }).catch((error: unknown) => {
      throw migrationError(postgres.url, error)
    })
    const { service, apiKey } = await startOn(options, { databaseUrl: postgres.url, files, secretsKey, sandbox })
    started.push(service.stop)
    return { url: service.url ?? '', apiKey, sandbox, lost: lost.promise, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Starts the service and prepares its database: the sandbox connections and an API key. */
async function startOn(
  options: LocalStackOptions,
  local: { databaseUrl: string; files: LocalFiles; secretsKey: string; sandbox: Sandbox },
): Promise<{ service: Service; apiKey: string }> {
  const { config, logger, tracing } = options
  const { databaseUrl, files, sandbox } = local
  const by = shellActor()
  const database = makeDatabase({ url: databaseUrl, poolSize: 1 })
  const undo: (() => Promise<void>)[] = [database.close]
  try {
    await followSandbox(database, by, sandbox)
    const bootstrapApiKey = config.BOOTSTRAP_API_KEY ?? (await files.apiKey())
    const service = await startLocalService(config, { ...local, bootstrapApiKey, logger, ...(tracing && { tracing }) })
    undo.push(service.stop)
    const opening = await findOrCreateKey({ given: config.BOOTSTRAP_API_KEY, files, database, by, logger })
    await connectSandbox(service.container, { projectId: opening.projectId, by }, { sandbox, logger })
    undo.pop()
    return { service, apiKey: opening.key }
  } catch (error) {
    throw startErrorOf(databaseUrl, error)
  } finally {
    for (const end of undo.toReversed()) await end()
  }
}

function startPostgres({ dataDir, persistent, logger }: LocalStackOptions, onLost: (error: Error) => void) {
  return startEmbeddedPostgres({
    dataDir: join(dataDir, 'postgres'),
    persistent,
    log: (line) => logger.debug(line),
    onDeath: (how) => logger.warn({ how }, 'embedded Postgres stopped; restarting'),
    onRestart: () => logger.info('embedded Postgres restarted'),
    onLost,
  }).catch((error: unknown) => {
    throw embeddedPostgresError(error)
  })
}

function startSandbox({ dataDir, persistent, sandboxPort: port }: LocalStackOptions): Promise<Sandbox> {
  const location = { port, host: '127.0.0.1', ...(persistent && { journalFile: join(dataDir, 'sandbox.jsonl') }) }
  return openSandbox(location, 'another PORT')
}

function startLocalService(
  config: Config,
  local: {
    databaseUrl: string
    secretsKey: string
    bootstrapApiKey: string
    sandbox: Pick<Sandbox, 'urls'>
    logger: Logger
    tracing?: Tracing
  },
): Promise<Service> {
  const settings = settingsOf(config)
  const redis = redisOf(config)
  const sandboxHosts = Object.values(local.sandbox.urls).map((origin) => new URL(origin).host)
  return startService({
    role: 'all',
    host: config.HOST,
    port: config.PORT,
    ...(config.METRICS_PORT === undefined ? {} : { metricsPort: config.METRICS_PORT }),
    databaseUrl: local.databaseUrl,
    databasePoolSize: config.DATABASE_POOL_SIZE,
    ...(redis === null ? {} : { redis: { settings: redis } }),
    // Keeps secrets readable that were encrypted before SECRETS_KEY was set.
    secretsKey: config.SECRETS_KEY === undefined ? local.secretsKey : `${config.SECRETS_KEY},${local.secretsKey}`,
    bootstrapApiKey: local.bootstrapApiKey,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    settings: { ...settings, egressAllow: [...settings.egressAllow, ...sandboxHosts] },
    logger: local.logger,
    ...(local.tracing && { tracing: local.tracing }),
  })
}
