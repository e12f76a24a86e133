import { jobTransitions } from '../../vocabulary/job.ts'
import type { JsonObject } from '../../vocabulary/json.ts'
import { isTerminal } from '../../vocabulary/transitions.ts'
import type { Observation } from '../observation.ts'

const maxItems = 500

/** For a catalog: unfinished jobs without a correlation tag, which can be imported. At most 500, in the given order. */
export function importableAmong(jobs: readonly Observation<'job'>[]): readonly JsonObject[] {
  return jobs
    .filter(({ correlationTag }) => typeof correlationTag !== 'string')
    .filter(({ status }) => status === null || !isTerminal(jobTransitions, status))
    .slice(0, maxItems)
    .map(({ remoteId, remoteName = null, rawState }) => ({ remoteId, name: remoteName, state: rawState }))
}
