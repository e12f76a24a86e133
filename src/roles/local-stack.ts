import { join } from 'node:path'
import type { Config } from '../config.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../infra/embedded-postgres.ts'
import type { Logger } from '../infra/logger.ts'
import { migrate } from '../infra/migrate.ts'
import { type Sandbox, startSandbox } from '../sandbox/server.ts'
import { makeApiClient } from './api-client.ts'
import { localKeys } from './local-keys.ts'
import { sandboxConnections } from './sandbox-connections.ts'
import { type Service, startService } from './service.ts'
import { settingsOf } from './settings.ts'

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
  postgres: EmbeddedPostgres
  stop(): Promise<void>
}

export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { config, dataDir, persistent, logger } = options
  const keys = await localKeys(dataDir)
  const started: (() => Promise<unknown>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of started.toReversed()) await end()
  }
  try {
    const postgres = await startEmbeddedPostgres({
      dataDir: join(dataDir, 'postgres'),
      persistent,
      log: (line: string) => logger.debug(line),
    })
    started.push(postgres.stop)
    await migrate({ url: postgres.url })
    const journal = persistent ? { journalFile: join(dataDir, 'sandbox.jsonl') } : {}
    const sandbox = await startSandbox({ port: options.sandboxPort, ...journal })
    started.push(sandbox.close)
    const sandboxHosts = Object.values(sandbox.urls).map((origin) => new URL(origin).host)
    const service = await startLocalService(config, { databaseUrl: postgres.url, ...keys, sandboxHosts, logger })
    started.push(service.stop)
    const url = service.url ?? ''
    await connectSandbox(url, keys.apiKey, sandbox)
    return { url, apiKey: keys.apiKey, sandbox, postgres, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function startLocalService(
  config: Config,
  local: { databaseUrl: string; secretsKey: string; apiKey: string; sandboxHosts: readonly string[]; logger: Logger },
): Promise<Service> {
  const settings = settingsOf(config)
  return startService({
    role: 'all',
    host: config.HOST,
    port: config.PORT,
    databaseUrl: local.databaseUrl,
    databasePoolSize: config.DATABASE_POOL_SIZE,
    ...(config.REDIS_URL === undefined ? {} : { redis: { url: config.REDIS_URL } }),
    secretsKey: config.SECRETS_KEY ?? local.secretsKey,
    bootstrapApiKey: config.BOOTSTRAP_API_KEY ?? local.apiKey,
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
