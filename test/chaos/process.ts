import { createWriteStream } from 'node:fs'
import { startService } from '../../src/commands/service.ts'
import { type Clock, systemClock } from '../../src/infra/clock.ts'
import { makeLogger } from '../../src/infra/logger.ts'
import { redisSettingsAt } from '../support/redis-settings.ts'
import { chaosEngine, chaosProviders } from './guards.ts'
import type { Guard } from './options.ts'
import type { ChaosTiming } from './timing.ts'

// One api or worker of a chaos run. It reads its options from one variable and reports over IPC that it is ready.

export interface ProcessOptions {
  role: 'api' | 'worker'
  port: number
  metricsPort?: number
  databaseUrl: string
  redisUrl: string | null
  secretsKey: string
  apiKey: string
  timing: ChaosTiming
  without: Guard | null
  /** Offset of this process's wall clock. */
  clockOffsetMs: number
  logFile: string
}

const options = JSON.parse(process.env.CHAOS_PROCESS ?? '{}') as ProcessOptions
const clock: Clock = {
  now: () => new Date(Date.now() + options.clockOffsetMs),
  monotonicMs: systemClock.monotonicMs,
}
process.once('disconnect', () => process.exit(1))

await startService({
  role: options.role,
  host: '127.0.0.1',
  port: options.port,
  ...(options.metricsPort === undefined ? {} : { metricsPort: options.metricsPort }),
  databaseUrl: options.databaseUrl,
  databasePoolSize: 10,
  ...(options.redisUrl === null ? {} : { redis: { settings: redisSettingsAt(options.redisUrl) } }),
  secretsKey: options.secretsKey,
  bootstrapApiKey: options.apiKey,
  shutdownTimeoutMs: 2000,
  settings: { ...options.timing.settings, heldProviders: new Set() },
  parts: { providers: chaosProviders(options), makeEngine: chaosEngine(options.without), clock },
  logger: makeLogger({ level: 'info', destination: createWriteStream(options.logFile, { flags: 'a' }), pretty: false }),
})
process.send?.({ ready: true })
