import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { makeApp } from '../app.ts'
import {
  type Container,
  type ContainerDeps,
  type ContainerSettings,
  makeContainer,
  prepareInstallation,
} from '../container.ts'
import { systemClock } from '../infra/clock.ts'
import { type Database, makeDatabase } from '../infra/database.ts'
import type { Logger } from '../infra/logger.ts'
import { makeRequestRates } from '../infra/request-rates.ts'
import { postgresBackend, redisBackend } from '../queue/backend.ts'

export interface ServiceOptions {
  role: 'all' | 'api' | 'worker'
  host: string
  port: number
  databaseUrl: string
  databasePoolSize: number
  /** Absent: the queue lives in the database. */
  redis?: { url: string; prefix?: string }
  secretsKey: string
  /** Admin key of the first project, made when the database is empty. */
  bootstrapApiKey?: string
  shutdownTimeoutMs: number
  settings: ContainerSettings
  /** Parts that a harness replaces. */
  parts?: Partial<Pick<ContainerDeps, 'providers' | 'makeEngine' | 'clock'>>
  logger: Logger
}

/** One running process's worth of Switchyard. */
export interface Service {
  /** Null where this role answers no requests. */
  url: string | null
  container: Container
  /** Stops taking requests and work, finishes what is under way within the limit, closes everything. */
  stop(): Promise<void>
}

/** Starts what the role says, on a database that is migrated. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { logger } = options
  const database = makeDatabase({
    url: options.databaseUrl,
    poolSize: options.databasePoolSize,
    onIdleError: (error) => logger.warn({ err: error }, 'a database connection broke'),
  })
  const { tag: installationTag, wasReplaced } = await prepareInstallation(database, options.bootstrapApiKey)
  const backend =
    options.redis === undefined
      ? postgresBackend(options.databaseUrl)
      : redisBackend(options.redis.url, options.redis.prefix)
  const rate = options.role === 'worker' ? null : options.settings.requestRate
  const requestRates =
    rate === null ? null : makeRequestRates({ ...rate, redisUrl: options.redis?.url ?? null, pool: database.pool })
  const container = makeContainer({
    requestRates,
    ...{ database, databaseUrl: options.databaseUrl, backend, clock: systemClock, logger, installationTag },
    ...{ secretsKey: options.secretsKey, version: readVersion(), settings: options.settings, ...options.parts },
  })
  if (wasReplaced)
    logger.warn(
      { reopened: await container.reopen() },
      'the database was replaced: looking for what may have been made in the time that is lost',
    )
  const app = options.role === 'worker' ? null : await makeApp(container.app)
  await container.wake.start()
  if (options.role !== 'api') await container.workers.start()
  await app?.listen({ host: options.host, port: options.port })
  const address = app?.server.address() as AddressInfo | null | undefined
  const stop = async (): Promise<void> => {
    await app?.close()
    if (options.role !== 'api') await stopWorkers(container, options)
    await requestRates?.close()
    await closeAll(container, database, backend)
  }
  return {
    url: address
      ? `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`
      : null,
    container,
    stop,
  }
}

/** What does not end within the limit is cut off: its call becomes an unknown outcome and is written as that. */
async function stopWorkers(container: Container, { shutdownTimeoutMs, logger }: ServiceOptions): Promise<void> {
  const cutOff = setTimeout(() => {
    logger.warn({ shutdownTimeoutMs }, 'calls under way are cut off; they will be looked for')
    container.shutdown.abort()
  }, shutdownTimeoutMs)
  await container.workers.stop()
  clearTimeout(cutOff)
}

async function closeAll(container: Container, database: Database, backend: { close(): Promise<void> }): Promise<void> {
  await container.hints.close()
  await container.wake.close()
  await container.opened.close()
  await backend.close()
  await database.close()
}

export function readVersion(): string {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  return manifest.version
}
