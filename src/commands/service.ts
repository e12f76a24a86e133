import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { makeApp, makeOperationsApp } from '../app.ts'
import {
  type Container,
  type ContainerDeps,
  type ContainerSettings,
  makeContainer,
  prepareInstallation,
} from '../container/container.ts'
import { systemClock } from '../infra/clock.ts'
import { type Database, makeDatabase, servingSettings } from '../infra/database.ts'
import type { DatabaseFacts } from '../infra/database-facts.ts'
import type { Logger } from '../infra/logger.ts'
import { checkRedis } from '../infra/redis-check.ts'
import type { RedisSettings } from '../infra/redis-connection.ts'
import { makeRequestRates } from '../infra/request-rates.ts'
import { ofInstallation, postgresBackend, redisBackend } from '../queue/backend.ts'
import type { Tracing } from '../telemetry/tracing.ts'
import { checkMigrations, examine, ownSessions } from './database.ts'
import { watchSockets } from './http-sockets.ts'
import { watchForReplacement } from './replaced-database.ts'
import { type App, type Closer, finish, makeCloser } from './shutdown.ts'
import { listenError, startErrorOf } from './start-error.ts'

export interface ServiceOptions {
  role: 'all' | 'api' | 'worker'
  host: string
  port: number
  /** Separate port for health checks and metrics; absent = none. */
  metricsPort?: number
  databaseUrl: string
  /** Bypasses the pooler of `databaseUrl`. */
  databaseDirectUrl?: string
  databasePoolSize: number
  /** Absent: the queue is stored in the database. */
  redis?: { settings: RedisSettings; prefix?: string }
  secretsKey: string
  /** Admin key of the first project, created if the database is empty. */
  bootstrapApiKey?: string
  shutdownTimeoutMs: number
  settings: ContainerSettings
  /** Replacements for tests and benchmarks. */
  /** Closed by the caller. Absent: nothing is traced. */
  tracing?: Tracing
  parts?: Partial<Pick<ContainerDeps, 'providers' | 'makeEngine' | 'clock' | 'writeRecords'>>
  logger: Logger
}

/** A running Switchyard process. */
export interface Service {
  /** Null if this role serves no requests. */
  url: string | null
  /** Of the separate port for health checks and metrics; null = none. */
  metricsUrl: string | null
  container: Container
  /**
   * Stops accepting requests and work, finishes both within the timeout, and closes everything. Never fails.
   *
   * @param drainMs how long requests are still accepted first; default 0
   */
  stop(drainMs?: number): Promise<void>
}

/**
 * Starts the role on a migrated database. On failure, everything already opened is closed.
 *
 * @throws StartError if the database or the port cannot be used
 */
export async function startService(options: ServiceOptions): Promise<Service> {
  const closing = makeCloser(options.logger)
  try {
    return await open(options, closing)
  } catch (error) {
    await closing.close()
    throw startErrorOf(options.databaseUrl, error)
  }
}

async function open(options: ServiceOptions, closing: Closer): Promise<Service> {
  const { role, host, port, logger } = options
  const facts = await examine({ url: options.databaseUrl, directUrl: options.databaseDirectUrl })
  logger.info({ database: facts }, 'database checked')
  const database = await openDatabase(options, closing, facts)
  const { tag: installationTag } = await prepareInstallation(database, options.bootstrapApiKey)
  const container = assemble(options, closing, { database, installationTag, facts })
  closing.add('watch over the database', await watchForReplacement(container, logger))
  await container.notifier.start()
  const operations = await startOperations(options, closing, container)
  const app =
    role === 'worker' ? null : await makeApp(operations === null ? container.app : { ...container.app, metrics: null })
  const front = app && { app, sockets: watchSockets(app.server) }
  if (app !== null) {
    closing.add('http', () => app.close())
    await app.listen({ host, port }).catch((error: unknown) => {
      throw listenError(options, error)
    })
  }
  if (role !== 'api') {
    await container.workers.start()
    container.sender.start()
    container.recordLogs.start()
    container.watchWork()
  }
  return {
    url: urlOf(app),
    metricsUrl: urlOf(operations),
    container,
    async stop(drainMs = 0) {
      await finish(container, front, { ...options, drainMs })
      await closing.close()
    },
  }
}

/** Serves health checks and metrics on a port of their own, until everything else has stopped. */
async function startOperations(
  { role, host, metricsPort: port }: ServiceOptions,
  closing: Closer,
  { app: deps, ownMetrics }: Container,
): Promise<App | null> {
  if (port === undefined) return null
  const app = await makeOperationsApp({ ...deps, metrics: role === 'worker' ? ownMetrics : deps.metrics })
  closing.add('metrics', () => app.close())
  await app.listen({ host, port }).catch((error: unknown) => {
    throw listenError({ host, port, what: ', METRICS_PORT,', otherSetting: 'another METRICS_PORT' }, error)
  })
  return app
}

/** Checks that the database is migrated, so that problems are reported before anything else is opened. */
async function openDatabase(
  { databaseUrl, databasePoolSize, logger }: ServiceOptions,
  closing: Closer,
  { pooling }: DatabaseFacts,
) {
  const database = makeDatabase({
    ...{ url: databaseUrl, pooling, poolSize: databasePoolSize, defaults: servingSettings },
    onIdleError: (error) => logger.warn({ err: error }, 'database connection lost'),
  })
  closing.add('database', database.close)
  await checkMigrations(databaseUrl, database)
  return database
}

function assemble(
  { role, redis, secretsKey, settings, parts, logger, tracing, ...urls }: ServiceOptions,
  closing: Closer,
  { facts, ...installed }: { database: Database; installationTag: string; facts: DatabaseFacts },
): Container {
  const own = ownSessions({ url: urls.databaseUrl, directUrl: urls.databaseDirectUrl }, facts)
  const shared = redis === undefined ? postgresBackend(own.forQueue()) : redisBackend(redis.settings, redis.prefix)
  if (redis !== undefined) closing.add('redis check', checkRedis(redis.settings, logger).close)
  const backend = ofInstallation(shared, installed.installationTag)
  closing.add('queue', backend.close)
  const rate = role === 'worker' ? null : settings.requestRate
  const requestRates =
    rate && makeRequestRates({ ...rate, redis: redis?.settings ?? null, pool: installed.database.pool })
  if (requestRates !== null) closing.add('request rates', requestRates.close)
  const container = makeContainer({
    requestRates,
    ...{ ...installed, connectListener: own.connectListener, backend, clock: systemClock, logger },
    ...{ secretsKey, version: readVersion(), settings, ...(tracing && { tracing }), ...parts },
  })
  closing.add('connections', container.opened.close)
  container.opened.start()
  closing.add('provider call statistics', container.calls.close)
  container.calls.start()
  closing.add('listener', container.notifier.close)
  closing.add('hints', container.hints.close)
  return container
}

function urlOf(app: App | null): string | null {
  const address = app?.server.address() as AddressInfo | null | undefined
  if (!address) return null
  return `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
}

export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}
