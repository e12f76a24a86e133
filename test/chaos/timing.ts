import { settingsOf } from '../../src/commands/settings.ts'
import { readConfig } from '../../src/config/config.ts'
import { type ContainerSettings, webhookSettings } from '../../src/container/container.ts'

/**
 * The intervals and limits of a run. The sandbox respects the drivers' traits with a margin for a busy machine: it
 * executes at most `latestMs` after the request, and lists at most `lagMs` late.
 */
export interface ChaosTiming {
  settings: Omit<ContainerSettings, 'heldProviders'>
  /** Traits of every driver. */
  traits: { maxProcessingMs: number; listConsistencyLagMs: number }
  /** Maximum delay of a create in the sandbox after its client disconnected. */
  latestMs: number
  lagMs: number
  /** Maximum duration of a fault window; two reads that confirm an absence are further apart. */
  longestWindowMs: number
  /** From the commit of an attempt until absence is conclusive. */
  settleMs: number
  /** Delay of a write beyond every deadline. */
  freezeMs: number
  /** Time after the last fault; records not settled by then are stuck. */
  patienceMs: number
}

export function timingOf(isShort: boolean): ChaosTiming {
  const callTimeoutMs = isShort ? 1500 : 3000
  const sendWithinMs = callTimeoutMs / 2
  const latestMs = isShort ? 6000 : 30_000
  const lagMs = isShort ? 500 : 2000
  const longestWindowMs = isShort ? 1500 : 3000
  const confirmGoneMs = longestWindowMs + 500
  const traits = { maxProcessingMs: latestMs + (isShort ? 2000 : 5000), listConsistencyLagMs: lagMs + 500 }
  const settleMs = sendWithinMs + callTimeoutMs + traits.maxProcessingMs + traits.listConsistencyLagMs
  const { heldProviders: _, ...settings } = settingsOf(readConfig({ MAX_EVENT_LOOP_DELAY_MS: '0' }))
  return {
    settings: {
      ...settings,
      pollIntervals: { quickMs: 60, slowMs: 1000, resendMs: 2000, confirmGoneMs },
      timing: { callTimeoutMs, sendWithinMs },
      leaseMs: callTimeoutMs * 3,
      pollIntervalMs: 150,
      concurrency: 12,
      sweepConcurrency: 4,
      sweep: { minMs: 300, maxMs: 2000, callTimeoutMs, maxPages: 200, maxWatched: 10_000, graceMs: 1000 },
      waiting: { maxSeconds: 10, perCaller: 1000 },
      requestRate: null,
      egressAllow: ['127.0.0.1'],
      webhooks: {
        ...webhookSettings({ timeoutMs: 2000 }),
        ...{ scheduleMs: Array(100).fill(500), backoff: { firstMs: 50, maxMs: 200 } },
      },
    },
    traits,
    latestMs,
    lagMs,
    longestWindowMs,
    settleMs,
    freezeMs: settleMs + confirmGoneMs + 3000,
    patienceMs: isShort ? 40_000 : 180_000,
  }
}
