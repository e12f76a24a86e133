import type { ContainerSettings } from '../../src/container.ts'
import { makeLogger } from '../../src/infra/logger.ts'
import { dataforestProvider } from '../../src/providers/dataforest/index.ts'
import { type Service, type ServiceOptions, startService } from '../../src/roles/service.ts'
import { type ApiCaller, makeApiCaller } from './api-caller.ts'

export const testApiKey = 'sy_test-key-of-the-first-project-0001'
export const testSecretsKey = '42'.repeat(32)

/** Waits cut down, so that a test sees in moments what takes minutes with real providers. */
export const quickSettings: ContainerSettings = {
  tempo: { quickMs: 40, slowMs: 300, resendMs: 500, confirmGoneMs: 150 },
  timing: { callTimeoutMs: 1200, sendWithinMs: 600 },
  leaseMs: 4000,
  upkeepIntervalMs: 60,
  concurrency: 16,
  sweepConcurrency: 4,
  sweep: { minMs: 80, maxMs: 300, callTimeoutMs: 1200, maxPages: 100, maxWatched: 10_000, graceMs: 0 },
  bodyLimitBytes: 1_048_576,
  keyTtlHours: 24,
  maxWaitSeconds: 10,
}

export interface SwitchyardOptions {
  databaseUrl: string
  /** Null: the queue lives in the database. */
  redis: { url: string; prefix?: string } | null
  role?: ServiceOptions['role']
  settings?: Partial<ContainerSettings>
  shutdownTimeoutMs?: number
}

/** Switchyard as `serve` starts it, in this process. */
export interface Switchyard {
  service: Service
  /** Of a service that answers requests. */
  api: ApiCaller
  stop(): Promise<void>
}

export async function startSwitchyard(options: SwitchyardOptions): Promise<Switchyard> {
  const { databaseUrl, redis, role = 'all', settings = {}, shutdownTimeoutMs = 5000 } = options
  const service = await startService({
    role,
    host: '127.0.0.1',
    port: 0,
    databaseUrl,
    databasePoolSize: 8,
    ...(redis === null ? {} : { redis }),
    secretsKey: testSecretsKey,
    bootstrapApiKey: testApiKey,
    shutdownTimeoutMs,
    settings: { ...quickSettings, ...settings },
    logger: makeLogger({ level: process.env.TEST_LOG_LEVEL === 'debug' ? 'debug' : 'silent' }),
  })
  return { service, api: makeApiCaller(service.url ?? '', testApiKey), stop: service.stop }
}

/**
 * Real providers may execute a request a minute after the client gave up on it, and list it later still; so long the
 * engine must not send again. In this process the sandbox is taken at its word: what it has not done by then, it never does.
 */
export function settleQuickly(): void {
  const { sample } = dataforestProvider
  const http = { send: () => Promise.reject(new Error('nothing is sent')) }
  const clock = { now: () => new Date(), monotonicMs: () => 0 }
  const { drivers } = dataforestProvider.open({ ...sample, http, clock })
  for (const driver of [drivers.job, drivers.environment]) {
    if (driver !== undefined) Object.assign(driver.traits, { maxProcessingMs: 0, listLagMs: 0 })
  }
}
