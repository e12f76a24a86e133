import type { Switchyard } from '@switchyard/client'
import { examineConnections } from './connections.ts'
import { type Finding, findings } from './finding.ts'

export interface ExamineOptions {
  /** Whether to send requests to providers. */
  verify: boolean
}

/** Records that a check reports at most. */
const maxReported = 50

/** Checks what the API shows of a service and of one project. Changes nothing. */
export async function examineService(client: Switchyard, options: ExamineOptions): Promise<Finding[]> {
  const { jobs, environments, webhookEndpoints } = client
  const checks = [
    findings('service', async () => {
      await client.providers.list()
      return []
    }),
    examineConnections(client, options),
    findings('jobs with an unknown outcome', async () => describe(await first(jobs.list({ status: ['unknown'] })))),
    findings('jobs that need an operator', async () => parked(await first(jobs.list({ active: true })))),
    findings('environments that need an operator', async () =>
      parked(await first(environments.list({ active: true }))),
    ),
    findings('blocked and failed environments', async () =>
      describe(await first(environments.list({ status: ['blocked', 'failed'] }))),
    ),
    findings('webhook endpoints', async () => {
      const endpoints = await first(webhookEndpoints.list())
      return endpoints.flatMap(({ id, failingSince, disabledReason }) => {
        const detail = disabledReason ?? (failingSince === undefined ? undefined : `failing since ${failingSince}`)
        return detail === undefined ? [] : [{ result: 'warning' as const, object: id, detail }]
      })
    }),
  ]
  return (await Promise.all(checks)).flat()
}

interface Workload {
  id: string
  status: string
  statusReason?: string
  statusMessage?: string
  held?: boolean
}

/** Reasons after which nothing continues without an operator. */
const operatorReasons: ReadonlySet<string> = new Set(['outcome_unknown', 'internal_error', 'duplicate_detected'])

function parked(workloads: readonly Workload[]) {
  return describe(
    workloads.filter(({ held, statusReason }) => held === true || operatorReasons.has(statusReason ?? '')),
  )
}

function describe(workloads: readonly Workload[]) {
  return workloads.map(({ id, status, statusReason, statusMessage, held }) => {
    const why = statusMessage ?? statusReason ?? (held === true ? 'on hold' : '')
    return { result: 'warning' as const, object: id, detail: why === '' ? status : `${status}: ${why}` }
  })
}

async function first<T>(list: AsyncIterable<T>): Promise<T[]> {
  const records: T[] = []
  for await (const record of list) {
    records.push(record)
    if (records.length >= maxReported) break
  }
  return records
}
