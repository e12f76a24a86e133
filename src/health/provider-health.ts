import type { LastFailure } from './last-failure.ts'

/** The calls of the window are those of the last minutes, the current one included. */
export const windowSeconds = 3600

/** Calls of one operation that ended with the same code, over all connections of the row. */
export interface CodeCount {
  operation: string
  code: string
  calls: number
  durationMs: number
  buckets: readonly number[]
}

/** The health of a project's connections to one provider. */
export interface HealthRow {
  provider: string
  measuredAt: Date
  connections: number
  held: number
  paused: number
  /** Of the pause that ends last. */
  pausedUntil: Date | null
  pauseReason: string | null
  calls: readonly CodeCount[]
  lastSucceededAt: Date | null
  lastFailedAt: Date | null
  lastFailure: LastFailure | null
  /** The connection of the last failure. */
  failedConnectionId: string | null
  scanLagSeconds: number
  lastScannedAt: Date | null
  live: number
  parked: number
  /** Of those that have not ended: with an open create. */
  outcomeUnknown: number
}

export interface HealthOf {
  projectId: string
  /** Null: all connections of the project. */
  connectionId: string | null
}

export type ReadHealth = (of: HealthOf) => Promise<HealthRow[]>
