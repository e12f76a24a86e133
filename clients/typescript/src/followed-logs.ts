import { isSwitchyardError } from './errors.ts'
import { makeOutages } from './outages.ts'
import type { Job, LogChunk } from './types.ts'

/** New text of the output of a job. */
export interface LogText {
  text: string
  /** Cursor of the part that it belongs to; absent for the first. Providers with several tasks have a part for each. */
  cursor?: string
}

interface Following {
  read(cursor: string | undefined): Promise<LogChunk>
  /** The job, after some seconds or as soon as it has finished. */
  readJob(): Promise<Job>
  isFinished(job: Job): boolean
  maxOutageMs: number
  signal: AbortSignal | undefined
}

/**
 * The output of a job as it grows, until the job has finished. Providers return the whole output, or the end of a long
 * one: what has been returned before is left out.
 */
export async function* followLogs(following: Following): AsyncGenerator<LogText, void, void> {
  const { readJob, isFinished, signal } = following
  const outages = makeOutages(following.maxOutageMs)
  const known = new Map<string | undefined, string>()
  for (let isLast = false; ; ) {
    try {
      // Output that is written before the job ends is complete in a read that starts after it has ended.
      const job = await readJob()
      isLast = isFinished(job)
      yield* news(following, known)
      if (isLast) return
      outages.over()
    } catch (error) {
      // Nothing has been created at the provider: not yet, or never if the job ended before.
      const hasNoOutput = isSwitchyardError(error, 'conflict')
      if (hasNoOutput && isLast) return
      if (!hasNoOutput) await outages.endure(error, signal)
    }
  }
}

async function* news({ read }: Following, known: Map<string | undefined, string>): AsyncGenerator<LogText, void, void> {
  for (let cursor: string | undefined; ; ) {
    const { text = '', next } = await read(cursor)
    const added = addedTo(known.get(cursor) ?? '', text)
    if (text !== '') known.set(cursor, text)
    if (added !== '') yield cursor === undefined ? { text: added } : { text: added, cursor }
    if (next === undefined || next === cursor) return
    cursor = next
  }
}

const overlapLength = 1024

/** What a text has more than an earlier one, of which the beginning may be gone. */
export function addedTo(before: string, text: string): string {
  if (text.startsWith(before)) return text.slice(before.length)
  const end = before.slice(-overlapLength)
  const at = text.lastIndexOf(end)
  return at < 0 ? text : text.slice(at + end.length)
}
