import { randomUUID } from 'node:crypto'
import { writeLines } from '../infra/standard-output.ts'
import { makeRecordLogWriter, type RecordLogWriter } from '../record-logs/record-log-writer.ts'
import { makeRecordLogsRepository, type RecordStream } from '../record-logs/record-logs.repository.ts'
import type { ContainerDeps } from './deps.ts'

/** Time until another process continues after one that ended without stopping. */
const leaseMs = 30_000

/** Streams of records that are written to standard output. */
export function makeRecordLogs({
  database,
  settings,
  logger,
  writeRecords = writeLines,
}: Pick<ContainerDeps, 'database' | 'settings' | 'logger' | 'writeRecords'>): RecordLogWriter {
  const { recordLogs = { audit: false, events: false }, pollIntervalMs } = settings
  const streams: readonly RecordStream[] = [
    ...(recordLogs.audit ? (['audit'] as const) : []),
    ...(recordLogs.events ? (['events'] as const) : []),
  ]
  return makeRecordLogWriter({
    repository: makeRecordLogsRepository(database.sql, { holder: randomUUID(), leaseMs }),
    ...{ streams, write: writeRecords, intervalMs: pollIntervalMs, log: logger },
  })
}
