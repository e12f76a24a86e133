import { join } from 'node:path'
import type { Config } from '../config.ts'
import { startEmbeddedPostgres } from '../infra/embedded-postgres.ts'
import type { Logger } from '../infra/logger.ts'
import { migrate } from '../infra/migrate.ts'
import type { Sandbox } from '../sandbox/server.ts'
import { makeApiClient } from './api-client.ts'
import { openingKey } from './local-api-key.ts'
import { type LocalFiles, makeLocalFiles } from './local-files.ts'
import { openSandbox } from './open-sandbox.ts'
import { sandboxConnections } from './sandbox-connections.ts'
import { type Service, startService } from './service.ts'
import { settingsOf } from './settings.ts'
import { embeddedPostgresError } from './start-error.ts'

export interface LocalStackOptions {
  config: Config
  dataDir: string
  /** Data outlives the process. */
  persistent: boolean
  /** The sandbox's first port, where it has none yet; 0 takes free ones. */
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
  const { config, dataDir, logger } = options
  const files = makeLocalFiles(dataDir)
  const secretsKey = await files.secretsKey()
  const lost = Promise.withResolvers<Error>()
  const started: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of started.toReversed()) await end()
  }
  try {
    // First, since a port that is taken is found in a moment.
    const sandbox = await startSandbox(options, files)
    started.push(sandbox.close)
    const postgres = await startPostgres(options, lost.resolve)
    started.push(postgres.stop)
    await migrate({ url: postgres.url })
    const sandboxHosts = Object.values(sandbox.urls).map((origin) => new URL(origin).host)
    const bootstrapApiKey = config.BOOTSTRAP_API_KEY ?? (await files.apiKey())
    const local = { databaseUrl: postgres.url, secretsKey, bootstrapApiKey, sandboxHosts, logger }
    const service = await startLocalService(config, local)
    started.push(service.stop)
    const url = service.url ?? ''
    const apiKey = await openingKey(url, { given: config.BOOTSTRAP_API_KEY, files, databaseUrl: postgres.url, logger })
    await connectSandbox(url, apiKey, sandbox)
    return { url, apiKey, sandbox, lost: lost.promise, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function startPostgres({ dataDir, persistent, logger }: LocalStackOptions, onLost: (error: Error) => void) {
  return startEmbeddedPostgres({
    dataDir: join(dataDir, 'postgres'),
    persistent,
    log: (line) => logger.debug(line),
    onDeath: (how) => logger.warn({ how }, 'the embedded Postgres ended; starting it again'),
    onRestart: () => logger.info('the embedded Postgres is back'),
    onLost,
  }).catch((error: unknown) => {
    throw embeddedPostgresError(error)
  })
}

/** On the ports that it had before, to which the connections in the database lead. */
async function startSandbox(
  { dataDir, persistent, ...options }: LocalStackOptions,
  files: LocalFiles,
): Promise<Sandbox> {
  const host = '127.0.0.1'
  if (!persistent) return openSandbox({ port: options.sandboxPort, host }, 'another PORT')
  const before = await files.sandboxPort()
  const port = before ?? options.sandboxPort
  const elsewhere = before === null ? 'another PORT' : 'another DATA_DIR: the connections in this one lead there'
  const sandbox = await openSandbox({ port, host, journalFile: join(dataDir, 'sandbox.jsonl') }, elsewhere)
  if (before === null && port !== 0) await files.keepSandboxPort(port)
  return sandbox
}

function startLocalService(
  config: Config,
  local: {
    databaseUrl: string
    secretsKey: string
    bootstrapApiKey: string
    sandboxHosts: readonly string[]
    logger: Logger
  },
): Promise<Service> {
  const settings = settingsOf(config)
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
    settings: { ...settings, egressAllow: [...settings.egressAllow, ...local.sandboxHosts] },
    logger: local.logger,
  })
}

/** A connection to each sandbox provider, made the first time. */
async function connectSandbox(url: string, apiKey: string, sandbox: Sandbox): Promise<void> {
  const api = makeApiClient(url, apiKey)
  const { data } = await api.get<{ data: { name: string }[] }>('/connections?limit=200')
  const names = new Set(data.map((connection) => connection.name))
  for (const connection of sandboxConnections(sandbox)) {
    if (!names.has(connection.name)) await api.post('/connections', connection)
  }
}
