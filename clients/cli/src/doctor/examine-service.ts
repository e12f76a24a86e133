import type { CreationHold, Switchyard } from '@switchyard/client'
import { examineConnections } from './connections.ts'
import { type Finding, findings, type Problem } from './finding.ts'

export interface ExamineOptions {
  /** Whether to send requests to providers. */
  verify: boolean
}

type ExaminedService = Pick<
  Switchyard,
  'connections' | 'creationHolds' | 'environments' | 'http' | 'jobs' | 'providers' | 'webhookEndpoints'
>

/** Problems of one check that are listed; the others are counted. */
const maxListed = 50

/** The largest page: most records have no problem. */
const limit = 200

/** Checks a service and one project through the API. Changes nothing. */
export async function examineService(client: ExaminedService, options: ExamineOptions): Promise<Finding[]> {
  const { creationHolds, jobs, environments, webhookEndpoints } = client
  const checks = [
    findings('service', async () => {
      await client.http.GET('/readyz')
      return []
    }),
    findings('API key', async () => {
      await client.providers.list()
      return []
    }),
    examineConnections(client, options),
    findings('holds of new creates', () =>
      problemsIn(creationHolds.list({ active: true, limit }), holdOf).catch(notAllowed),
    ),
    findings('jobs with an unknown outcome', () => problemsIn(jobs.list({ status: ['unknown'], limit }), warningOf)),
    findings('jobs that need an operator', () => problemsIn(jobs.list({ active: true, limit }), parked)),
    findings('environments that need an operator', () =>
      problemsIn(environments.list({ active: true, limit }), parked),
    ),
    findings('blocked and failed environments', () =>
      problemsIn(environments.list({ status: ['blocked', 'failed'], limit }), warningOf),
    ),
    findings('webhook endpoints', () =>
      problemsIn(webhookEndpoints.list({ limit }), ({ id, failingSince, disabledReason }) => {
        const detail = disabledReason ?? (failingSince === undefined ? undefined : `failing since ${failingSince}`)
        return detail === undefined ? null : { result: 'warning', object: id, detail }
      }),
    ),
  ]
  return (await Promise.all(checks)).flat()
}

/** Most keys may not check the service itself. */
function notAllowed(error: unknown): Problem[] {
  if (Reflect.get(Object(error), 'code') !== 'permission_denied') throw error
  return [{ result: 'skipped', detail: 'not checked: requires the scope admin' }]
}

/** Examines every record of a list. */
async function problemsIn<T>(list: AsyncIterable<T>, problemOf: (record: T) => Problem | null): Promise<Problem[]> {
  const listed: Problem[] = []
  let found = 0
  for await (const record of list) {
    const problem = problemOf(record)
    if (problem === null) continue
    found += 1
    if (found <= maxListed) listed.push(problem)
  }
  const more = found - listed.length
  return more === 0 ? listed : [...listed, { result: 'warning', detail: `and ${more} more` }]
}

function holdOf({ id, provider, connectionId, projectId, note }: CreationHold): Problem {
  const scope = [provider, connectionId, projectId].filter((part) => part !== undefined).join(', ')
  return { result: 'warning', object: id, detail: `creates of ${scope} are on hold${note === '' ? '' : `: ${note}`}` }
}

interface Workload {
  id: string
  status: string
  statusReason?: string
  statusMessage?: string
  held?: boolean
}

/** Reasons that require an operator. */
const operatorReasons: ReadonlySet<string> = new Set(['outcome_unknown', 'internal_error', 'duplicate_detected'])

function parked(workload: Workload): Problem | null {
  const { held, statusReason = '' } = workload
  return held === true || operatorReasons.has(statusReason) ? warningOf(workload) : null
}

function warningOf({ id, status, statusReason, statusMessage, held }: Workload): Problem {
  const why = statusMessage ?? statusReason ?? (held === true ? 'on hold' : '')
  return { result: 'warning', object: id, detail: why === '' ? status : `${status}: ${why}` }
}
