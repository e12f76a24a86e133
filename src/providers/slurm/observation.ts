import type { Json } from '../../vocabulary/json.ts'
import { tagOfDescription } from '../kit/correlation-tags.ts'
import { readId, readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import type { Observation } from '../observation.ts'
import { isOfDataParser, numberAt, sluidOf } from './fields.ts'
import { hasRun, isOver, outcomeOf } from './job-states.ts'

/** The observation in a record; null if it lacks id or state. */
export function observe(job: Json, literals: readonly string[]): Observation<'job'> | null {
  const remoteId = readId(job, 'job_id')
  const outcome = outcomeOf(job)
  if (remoteId === undefined || outcome === null) return null
  return {
    remoteId,
    ...outcome,
    ...timesOf(job, outcome.status),
    ...given({ remoteName: readText(job, 'name'), identity: sluidOf(job), result: outputOf(job) }),
    correlationTag: tagOfDescription(readText(job, 'comment')),
    payload: () => boundedPayload(job, literals),
  }
}

/** A waiting job shows its estimated start, a running one the end of its time limit; both are ignored. */
function timesOf(job: Json, status: Observation<'job'>['status']): { startedAt?: Date; endedAt?: Date } {
  const hasStarted = hasRun(job) && (isOver(status) || status === 'running')
  return given({
    startedAt: hasStarted ? timeAt(job, 'start_time') : undefined,
    endedAt: isOver(status) ? timeAt(job, 'end_time') : undefined,
  })
}

function timeAt(job: Json, key: string): Date | undefined {
  return readTime({ [key]: numberAt(job, key) ?? null }, key, { unit: 's' })
}

/**
 * The files of the output. Up to v0.0.38 they are shown as requested, with their placeholders, and not at all by
 * default; up to v0.0.42 the usual fields are expanded, later the fields that are marked as expanded.
 */
function outputOf(job: Json): { stdoutPath?: string; stderrPath?: string } | undefined {
  if (!isOfDataParser(job)) return undefined
  const pathOf = (name: string, expanded: string) => {
    const isExpanded = typeof job === 'object' && job !== null && expanded in job
    return readText(job, isExpanded ? expanded : name)
  }
  const stdoutPath = pathOf('standard_output', 'stdout_expanded')
  const stderrPath = pathOf('standard_error', 'stderr_expanded')
  return stdoutPath === undefined && stderrPath === undefined ? undefined : given({ stdoutPath, stderrPath })
}
