import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordLogsRepository, RecordPosition, RecordStream, StreamedRecord } from './record-logs.repository.ts'

export interface RecordLogWriter {
  start(): void
  /** Resolves when the record that is being written has been written. */
  stop(): Promise<void>
}

interface Deps {
  repository: RecordLogsRepository
  streams: readonly RecordStream[]
  /** Resolves once the text has left the process. `signal` may end the wait for a slow reader. */
  write(text: string, signal: AbortSignal): Promise<void>
  intervalMs: number
  log: { warn(context: object, message: string): void }
}

/**
 * Writes records as lines of JSON. A line that has been written may be written again after a crash, or if this process
 * stood still for longer than its lease: its `id` is the same.
 */
export function makeRecordLogWriter({ repository, streams, write, intervalMs, log }: Deps): RecordLogWriter {
  const stopping = new AbortController()
  let loops: Promise<void>[] = []

  /** Returns whether there may be more. */
  async function round(stream: RecordStream): Promise<boolean> {
    if (!(await repository.claim(stream))) return false
    const records = await repository.read(stream)
    if (records.length === 0) return false
    await write(records.map((record) => lineOf(stream, record)).join(''), stopping.signal)
    await repository.advance(stream, lastOfEach(records))
    return true
  }

  function noteFailure(error: unknown, stream: RecordStream): void {
    if (!stopping.signal.aborted) log.warn({ err: error, stream }, 'records not written; will retry')
  }

  async function follow(stream: RecordStream): Promise<void> {
    let hasBegun = false
    while (!stopping.signal.aborted) {
      try {
        if (!hasBegun) await repository.begin(stream)
        hasBegun = true
        if (await round(stream)) continue
      } catch (error) {
        noteFailure(error, stream)
      }
      await sleep(intervalMs, undefined, { signal: stopping.signal }).catch(() => {})
    }
    await repository.release(stream).catch(() => {})
  }

  return {
    start() {
      loops = streams.map(follow)
    },
    async stop() {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

/** `log` distinguishes these lines from those of the service, which have `level` and `msg`. */
function lineOf(stream: RecordStream, { fields: { at, ...fields } }: StreamedRecord): string {
  const given = Object.entries(fields).filter(([, value]) => value !== null)
  return `${JSON.stringify({ log: stream === 'audit' ? 'audit' : 'event', at: at.toISOString(), ...Object.fromEntries(given) })}\n`
}

function lastOfEach(records: readonly StreamedRecord[]): RecordPosition[] {
  return [...new Map(records.map(({ position }) => [position.projectId, position])).values()]
}
