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
 * The output of a job as it grows, until the job has finished. Providers return all output, or the end of a long
 * one: text that was returned before is omitted.
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
    const added = newIn(known, { cursor, text, next })
    if (added !== '') yield cursor === undefined ? { text: added } : { text: added, cursor }
    if (next === undefined || next === cursor) return
    cursor = next
  }
}

interface Part {
  cursor: string | undefined
  text: string
  next: string | undefined
}

/** The new text of a part, which is known from then on. */
function newIn(known: Map<string | undefined, string>, { cursor, text, next }: Part): string {
  if (text === '') return ''
  const before = known.get(cursor) ?? ''
  known.set(cursor, text)
  if (next === undefined || known.has(next) || !before.startsWith(text)) return addedTo(before, text)
  // The last line of a part that is full by now moves to the next one if it had no end.
  known.set(next, before.slice(text.length))
  return ''
}

/** A shorter overlap could be chance, such as a line that occurs twice. */
const minOverlap = 1024

/**
 * The part of a text that was added to an earlier one, whose beginning may be missing. If the text repeats itself, a
 * repetition may be returned twice, but nothing is lost.
 */
export function addedTo(before: string, text: string): string {
  if (text.startsWith(before)) return text.slice(before.length)
  return text.slice(overlapOf(before, text))
}

/** Length of the shortest end of one text that is the beginning of another, in linear time (Knuth, Morris, Pratt). */
function overlapOf(before: string, text: string): number {
  const length = Math.min(before.length, text.length)
  // For each beginning of `text`: the longest shorter one with which it ends.
  const shorter = new Uint32Array(length + 1)
  const extended = (matched: number, character: string | undefined): number => {
    let at = matched
    while (at > 0 && (at === length || text[at] !== character)) at = shorter[at] ?? 0
    return text[at] === character ? at + 1 : at
  }
  for (let end = 1; end < length; end++) shorter[end + 1] = extended(shorter[end] ?? 0, text[end])
  let matched = 0
  for (let at = before.length - length; at < before.length; at++) matched = extended(matched, before[at])
  let overlap = 0
  for (; matched >= minOverlap; matched = shorter[matched] ?? 0) overlap = matched
  return overlap
}
