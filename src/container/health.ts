import { type CallRecorder, makeCallRecorder } from '../health/call-recorder.ts'
import { makeCallStatisticsRepository } from '../health/call-statistics.repository.ts'
import { makeHealthRepository } from '../health/health.repository.ts'
import type { HealthRoutesDeps } from '../health/health.routes.ts'
import { makeHealthMeasures } from '../health/health-measures.repository.ts'
import { isDataError } from '../infra/database-errors.ts'
import type { ContainerDeps } from './deps.ts'

/** Recorder of the provider calls of this process, and reader of those of all processes. */
export function makeHealth({
  database: { sql },
  clock,
  logger,
}: Pick<ContainerDeps, 'database' | 'clock' | 'logger'>): {
  calls: CallRecorder
  health: HealthRoutesDeps
  measureHealth: ReturnType<typeof makeHealthMeasures>
} {
  const { add: store } = makeCallStatisticsRepository(sql)
  return {
    calls: makeCallRecorder({ store, isDataError, clock, log: logger }),
    health: { read: makeHealthRepository(sql), clock },
    measureHealth: makeHealthMeasures(sql),
  }
}
