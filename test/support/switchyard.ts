import { type Service, type ServiceOptions, startService } from '../../src/commands/service.ts'
import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig } from '../../src/config/config.ts'
import { type ContainerSettings, webhookSettings } from '../../src/container/container.ts'
import { makeLogger } from '../../src/infra/logger.ts'
import type { Driver } from '../../src/providers/driver.ts'
import type { Provider } from '../../src/providers/provider.ts'
import { providers } from '../../src/providers/registry.ts'
import type { Kind } from '../../src/vocabulary/kinds.ts'
import { type ApiCaller, makeApiCaller } from './api-caller.ts'
import { endAfterFile } from './end-after-file.ts'
import { redisSettingsAt } from './redis-settings.ts'

export const testApiKey = 'sy_test-key-of-the-first-project-0001'
export const testSecretsKey = '42'.repeat(32)

/** Short intervals, so that tests complete in seconds what takes minutes with real providers. */
export const quickSettings: ContainerSettings = {
  // Avoids failures on a busy machine.
  ...settingsOf(readConfig({ MAX_EVENT_LOOP_DELAY_MS: '0' })),
  pollIntervals: { quickMs: 40, slowMs: 300, resendMs: 500, confirmGoneMs: 150 },
  timing: { callTimeoutMs: 1200, sendWithinMs: 600 },
  leaseMs: 4000,
  pollIntervalMs: 120,
  concurrency: 16,
  sweepConcurrency: 4,
  sweep: { minMs: 120, maxMs: 1500, callTimeoutMs: 1200, maxPages: 100, maxWatched: 10_000, graceMs: 0 },
  waiting: { maxSeconds: 10, perCaller: 1000 },
  streaming: { perCaller: 1000 },
  egressAllow: ['127.0.0.1'],
  webhooks: {
    ...webhookSettings({ timeoutMs: 600 }),
    ...{ leaseMs: 3000, scheduleMs: [60, 60, 60], backoff: { firstMs: 30, maxMs: 60 } },
  },
}

export interface SwitchyardOptions {
  databaseUrl: string
  databaseDirectUrl?: string
  /** Null: the queue is in the database. */
  redis: { url: string; prefix?: string } | null
  role?: ServiceOptions['role']
  /** 0 = any free port; absent = none. */
  metricsPort?: number
  settings?: Partial<ContainerSettings>
  shutdownTimeoutMs?: number
  parts?: ServiceOptions['parts']
  tracing?: ServiceOptions['tracing']
  secretsKey?: string
  apiKey?: string
  logger?: ServiceOptions['logger']
}

/** Switchyard as started by `serve`, in this process. */
export interface Switchyard {
  service: Service
  /** Client for a service with an API. */
  api: ApiCaller
  stop(): Promise<void>
}

export async function startSwitchyard(options: SwitchyardOptions): Promise<Switchyard> {
  const { databaseUrl, redis, role = 'all', settings = {}, shutdownTimeoutMs = 5000, parts = {} } = options
  const { secretsKey = testSecretsKey, apiKey = testApiKey } = options
  const service = await startService({
    role,
    host: '127.0.0.1',
    port: 0,
    ...(options.metricsPort === undefined ? {} : { metricsPort: options.metricsPort }),
    databaseUrl,
    ...(options.databaseDirectUrl === undefined ? {} : { databaseDirectUrl: options.databaseDirectUrl }),
    databasePoolSize: 8,
    ...(redis === null
      ? {}
      : {
          redis: {
            settings: redisSettingsAt(redis.url),
            ...(redis.prefix === undefined ? {} : { prefix: redis.prefix }),
          },
        }),
    secretsKey,
    bootstrapApiKey: apiKey,
    shutdownTimeoutMs,
    settings: { ...quickSettings, ...settings },
    parts: { providers: quickProviders, ...parts },
    ...(options.tracing && { tracing: options.tracing }),
    logger: options.logger ?? makeLogger({ level: process.env.TEST_LOG_LEVEL === 'debug' ? 'debug' : 'silent' }),
  })
  return { service, api: makeApiCaller(service.url ?? '', apiKey), stop: service.stop }
}

/**
 * Shortens the time after which absence is conclusive. A real provider may execute a request up to a minute
 * after the client's timeout and list the object even later; no create may be repeated until then. The sandbox executes
 * nothing after the shortened time.
 */
export const quickProviders: readonly Provider[] = providers.map((provider) => ({
  ...provider,
  open(session) {
    const opened = provider.open(session)
    const { job, environment } = opened.drivers
    const drivers = { ...(job && { job: quick(job) }), ...(environment && { environment: quick(environment) }) }
    return { ...opened, drivers }
  },
}))

function quick<K extends Kind>(driver: Driver<K>): Driver<K> {
  return { ...driver, traits: { ...driver.traits, maxProcessingMs: 0, listConsistencyLagMs: 0 } }
}

/** A service for one test file. */
export async function useSwitchyard(options: SwitchyardOptions): Promise<Switchyard> {
  return endAfterFile(await startSwitchyard(options), (switchyard) => switchyard.stop())
}
