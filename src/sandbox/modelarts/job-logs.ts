import { echoedLines } from '../echoed-lines.ts'
import { momentAt, type Timeline } from '../timeline.ts'
import { exitCodeOf, jobTimes } from './lifecycle.ts'

const prefix = '[Modelarts Service Log]'

/**
 * The log lines of a script so far: its `echo` output and the service's lines about start and end.
 *
 * @returns `null` before the job has run and there is a log
 */
export function logLines(
  { script, variables = {} }: { script: string; variables?: Readonly<Record<string, string>> },
  timeline: Timeline,
  now: number,
): string[] | null {
  const { startedAt, endedAt } = jobTimes(timeline, now)
  if (startedAt === null) return null
  const { state } = momentAt(timeline, now)
  const end =
    state === 'Failed' ? `exit with ${exitCodeOf(script) || 1}` : state === 'Completed' ? 'exit with 0' : 'terminated'
  return [
    `${prefix}training started`,
    ...echoedLines(script, variables),
    ...(endedAt === null ? [] : [`${prefix}${end}`]),
  ]
}

/** Maximum size of a log preview, which is the end of the log. */
export const maxPreviewBytes = 5 * 1024 * 1024
