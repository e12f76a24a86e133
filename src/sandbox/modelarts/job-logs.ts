import { momentAt, type Timeline } from '../timeline.ts'
import { exitCodeOf, jobTimes } from './movement.ts'

const prefix = '[Modelarts Service Log]'

/**
 * The lines that a script has logged by now: what it echoes, and the service's own about start and end.
 *
 * @returns `null` before the job has run, when there is no log yet
 */
export function logLines(script: string, timeline: Timeline, now: number): string[] | null {
  const { startedAt, endedAt } = jobTimes(timeline, now)
  if (startedAt === null) return null
  const { state } = momentAt(timeline, now)
  const end =
    state === 'Failed' ? `exit with ${exitCodeOf(script) || 1}` : state === 'Completed' ? 'exit with 0' : 'terminated'
  return [`${prefix}training started`, ...echoes(script), ...(endedAt === null ? [] : [`${prefix}${end}`])]
}

/** The last part of a log: at most 5 MB. */
export const maxPreviewBytes = 5 * 1024 * 1024

function echoes(script: string): string[] {
  return [...script.matchAll(/\becho\s+(?:"([^"]*)"|'([^']*)'|([^;&|\n]+))/g)].map(
    ([, quoted, single, bare]) => quoted ?? single ?? (bare ?? '').trim(),
  )
}
