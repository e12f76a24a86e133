import { join } from 'node:path'
import type { Config } from '../config/config.ts'
import { makeDatabase } from '../infra/database.ts'
import { startEmbeddedPostgres } from '../infra/embedded-postgres.ts'
import type { Logger } from '../infra/logger.ts'
import { migrate } from '../infra/migrate.ts'
import type { Sandbox } from '../sandbox/server.ts'
import { openingKey } from './local-api-key.ts'
import { connectSandbox, followSandbox } from './local-connections.ts'
import { type LocalFiles, makeLocalFiles } from './local-files.ts'
import { openSandbox } from './open-sandbox.ts'
import { type Service, startService } from './service.ts'
import { settingsOf } from './settings.ts'
import { shellActor } from './shell-actor.ts'
import { embeddedPostgresError, migrationError, startErrorOf } from './start-error.ts'

export interface LocalStackOptions {
  config: Config
  dataDir: string
  /** Data outlives the process. */
  persistent: boolean
  /** The sandbox's first port; 0 takes free ones. */
  sandboxPort: number
  logger: Logger
}

/** Switchyard with everything it needs, in one process: a real Postgres, the sandbox, a connection to each provider. */
export interface LocalStack {
  url: string
  apiKey: string
  sandbox: Sandbox
  /** Resolves where the database is gone for good, with what it said last: nothing works any more. */
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
    // First, since a port that is taken is found in a moment.
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

/** The service, and what it needs in the database: the sandbox's connections, and a key that opens it. */
async function startOn(
  options: LocalStackOptions,
  local: { databaseUrl: string; files: LocalFiles; secretsKey: string; sandbox: Sandbox },
): Promise<{ service: Service; apiKey: string }> {
  const { config, logger } = options
  const { databaseUrl, files, sandbox } = local
  const by = shellActor()
  const database = makeDatabase({ url: databaseUrl, poolSize: 1 })
  const undo: (() => Promise<void>)[] = [database.close]
  try {
    await followSandbox(database, by, sandbox)
    const bootstrapApiKey = config.BOOTSTRAP_API_KEY ?? (await files.apiKey())
    const service = await startLocalService(config, { ...local, bootstrapApiKey, logger })
    undo.push(service.stop)
    const opening = await openingKey({ given: config.BOOTSTRAP_API_KEY, files, database, by, logger })
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
  const place = { port, host: '127.0.0.1', ...(persistent && { journalFile: join(dataDir, 'sandbox.jsonl') }) }
  return openSandbox(place, 'another PORT')
}

function startLocalService(
  config: Config,
  local: {
    databaseUrl: string
    secretsKey: string
    bootstrapApiKey: string
    sandbox: Pick<Sandbox, 'urls'>
    logger: Logger
  },
): Promise<Service> {
  const settings = settingsOf(config)
  const sandboxHosts = Object.values(local.sandbox.urls).map((origin) => new URL(origin).host)
  return startService({
    role: 'all',
    host: config.HOST,
    port: config.PORT,
    databaseUrl: local.databaseUrl,
    databasePoolSize: config.DATABASE_POOL_SIZE,
    ...(config.REDIS_URL === undefined ? {} : { redis: { url: config.REDIS_URL } }),
    // What was sealed before SECRETS_KEY was set is still opened.
    secretsKey: config.SECRETS_KEY === undefined ? local.secretsKey : `${config.SECRETS_KEY},${local.secretsKey}`,
    bootstrapApiKey: local.bootstrapApiKey,
    shutdownTimeoutMs: config.SHUTDOWN_TIMEOUT_MS,
    settings: { ...settings, egressAllow: [...settings.egressAllow, ...sandboxHosts] },
    logger: local.logger,
  })
}
