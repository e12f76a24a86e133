import type { Config } from '../config.ts'
import type { ContainerSettings } from '../container.ts'

/** The part of `PROVIDER_TIMEOUT_MS` in which a create may still leave; what comes later is sure not to be sent. */
const sendWithinPart = 0.5

/** What the configuration means for each part. */
export function settingsOf(config: Config): ContainerSettings {
  return {
    tempo: {
      quickMs: config.SWEEP_MIN_INTERVAL_MS,
      slowMs: config.SWEEP_MAX_INTERVAL_MS,
      resendMs: 60_000,
      confirmGoneMs: 10_000,
    },
    timing: { callTimeoutMs: config.PROVIDER_TIMEOUT_MS, sendWithinMs: config.PROVIDER_TIMEOUT_MS * sendWithinPart },
    heldProviders: new Set(config.HELD_PROVIDERS?.split(',') ?? []),
    leaseMs: config.LEASE_MS,
    upkeepIntervalMs: config.UPKEEP_INTERVAL_MS,
    concurrency: config.WORKER_CONCURRENCY,
    sweepConcurrency: 4,
    sweep: {
      minMs: config.SWEEP_MIN_INTERVAL_MS,
      maxMs: config.SWEEP_MAX_INTERVAL_MS,
      callTimeoutMs: config.PROVIDER_TIMEOUT_MS,
      maxPages: 2000,
      maxWatched: 100_000,
      graceMs: 10_000,
    },
    bodyLimitBytes: config.BODY_LIMIT_BYTES,
    keyTtlHours: config.IDEMPOTENCY_TTL_HOURS,
    maxWaitSeconds: config.PREFER_WAIT_MAX_SECONDS,
  }
}
