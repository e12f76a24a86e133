import type { Json } from '../../vocabulary/json.ts'
import { tagOfDescription } from '../kit/correlation-tags.ts'
import { readId, readText } from '../kit/fields.ts'
import { boundedPayload } from '../kit/redact.ts'
import { readTime } from '../kit/times.ts'
import type { Observation } from '../observation.ts'
import { hasRun, isOver, outcomeOf } from './job-states.ts'

/** The observation in a record; null if it lacks id or state. */
export function observe(job: Json, literals: readonly string[]): Observation<'job'> | null {
  const remoteId = readId(job, 'job_id')
  const outcome = outcomeOf(job)
  if (remoteId === undefined || outcome === null) return null
  const name = readText(job, 'name')
  return {
    remoteId,
    ...outcome,
    ...timesOf(job, outcome.status),
    ...(name === undefined ? {} : { remoteName: name }),
    correlationTag: tagOfDescription(readText(job, 'comment')),
    payload: () => boundedPayload(job, literals),
  }
}

/** A waiting job shows its estimated start, a running one the end of its time limit; both are ignored. */
function timesOf(job: Json, status: Observation<'job'>['status']): { startedAt?: Date; endedAt?: Date } {
  const hasStarted = hasRun(job) && (isOver(status) || status === 'running')
  const startedAt = hasStarted ? readTime(job, 'start_time', { unit: 's' }) : undefined
  const endedAt = isOver(status) ? readTime(job, 'end_time', { unit: 's' }) : undefined
  return { ...(startedAt === undefined ? {} : { startedAt }), ...(endedAt === undefined ? {} : { endedAt }) }
}
