import type { ApiClient, ApiRecord } from './api-client.ts'
import type { Scenario } from './demo-scenarios.ts'

/** How scenarios are run and reported. */
interface RunOptions {
  /** Timeout of each step. */
  limitMs: number
  print(line: string): void
}

/** Runs the scenarios one after the other. Returns the failures; empty = success. */
export async function runScenarios(
  api: ApiClient,
  scenarios: readonly Scenario[],
  options: RunOptions,
): Promise<string[]> {
  const { print } = options
  const failures: string[] = []
  for (const scenario of scenarios) {
    print(`\n${scenario.title}`)
    const problems = await runScenario(api, scenario, options).catch((error: unknown) => [
      `${scenario.provider}: ${(error as Error).message}`,
    ])
    failures.push(...problems)
  }
  return failures
}

/** Runs one scenario: creates the environment, runs the job, deletes the environment. Returns the failures. */
async function runScenario(api: ApiClient, scenario: Scenario, options: RunOptions): Promise<string[]> {
  const environment = scenario.environment && (await settle(api, scenario, { request: scenario.environment, options }))
  const failures =
    environment === undefined || environment.status === 'running'
      ? []
      : [`${scenario.provider}: environment ${environment.id} ended ${describe(environment)}`]
  if (failures.length === 0 && scenario.job !== undefined)
    failures.push(...(await runJob(api, scenario, { environmentId: environment?.id, request: scenario.job, options })))
  if (environment !== undefined) failures.push(...(await remove(api, environment, options)))
  return failures
}

async function remove(api: ApiClient, environment: ApiRecord, options: RunOptions): Promise<string[]> {
  await api.delete(`/environments/${environment.id}`)
  const deleted = await follow(api, environment, {
    ...options,
    plural: 'environments',
    isDone: ({ status }) => status === 'deleted',
  })
  await timeline(api, 'environments', deleted, options.print)
  if (deleted.status === 'deleted') return []
  return [`${deleted.provider}: environment ${deleted.id} was not deleted: ${describe(deleted)}`]
}

/** Waits until it runs; a blocked environment is sent the unblocking PATCH. */
async function settle(
  api: ApiClient,
  { unblock }: Scenario,
  { request, options }: { request: object; options: RunOptions },
): Promise<ApiRecord> {
  const accepted = await api.post('/environments', request)
  const environments = { ...options, plural: 'environments' }
  const isSettled = ({ status }: ApiRecord) => status === 'running' || status === 'blocked'
  const settled = await follow(api, accepted, { ...environments, isDone: isSettled })
  if (settled.status !== 'blocked' || unblock === undefined) return settled
  const patched = await api.patch(`/environments/${settled.id}`, unblock)
  return follow(api, patched, { ...environments, isDone: ({ status }) => status === 'running' })
}

async function runJob(
  api: ApiClient,
  { output }: Scenario,
  { environmentId, request, options }: { environmentId: string | undefined; request: object; options: RunOptions },
): Promise<string[]> {
  const accepted = await api.post('/jobs', 'provider' in request ? request : { environmentId, ...request })
  const job = await follow(api, accepted, { ...options, plural: 'jobs', isDone: () => false })
  await timeline(api, 'jobs', job, options.print)
  const failures = job.status === 'succeeded' ? [] : [`${job.provider}: job ${job.id} ended ${describe(job)}`]
  if (!ended.has(job.status)) failures.push(...(await cancel(api, job, options)))
  if (output !== undefined) options.print(indented('Output:', await output(job)))
  return failures
}

/** A job that takes too long does not stay in the provider's queue. Returns the failures. */
async function cancel(api: ApiClient, job: ApiRecord, options: RunOptions): Promise<string[]> {
  try {
    const canceling = await api.post(`/jobs/${job.id}/cancel`)
    await follow(api, canceling, { ...options, plural: 'jobs', isDone: () => false, limitMs: cancelLimitMs })
    return []
  } catch (error) {
    return [`${job.provider}: job ${job.id} was not canceled: ${(error as Error).message}`]
  }
}

const cancelLimitMs = 15_000

function indented(heading: string, text: string): string {
  const lines = text.trimEnd().split('\n')
  return [`  ${heading}`, ...lines.map((line) => `    ${line}`)].join('\n')
}

/** Reports each change until the record is done, has ended, or the timeout expires. */
async function follow(
  api: ApiClient,
  first: ApiRecord,
  { plural, isDone, limitMs, print }: RunOptions & { plural: string; isDone(record: ApiRecord): boolean },
): Promise<ApiRecord> {
  const untilMs = performance.now() + limitMs
  let record = first
  let shown = ''
  for (;;) {
    const line = `  ${record.id}  ${describe(record)}`
    if (line !== shown) print(line)
    shown = line
    const leftMs = untilMs - performance.now()
    if (isDone(record) || ended.has(record.status) || leftMs <= 0) return record
    record = (await changed(api, plural, record, Math.min(5, Math.ceil(leftMs / 1000)))) ?? record
  }
}

const ended: ReadonlySet<string> = new Set(['succeeded', 'failed', 'canceled', 'unknown', 'deleted'])

/** Long-polls for the next version; null if there is none within the timeout. */
async function changed(api: ApiClient, plural: string, record: ApiRecord, seconds: number): Promise<ApiRecord | null> {
  return api.get<ApiRecord | null>(`/${plural}/${record.id}`, {
    prefer: `wait=${seconds}`,
    'if-none-match': `"${record.version}"`,
  })
}

async function timeline(api: ApiClient, plural: string, record: ApiRecord, print: RunOptions['print']): Promise<void> {
  const { data } = await api.get<{ data: { at: string; type: string; data: { remoteState?: string } }[] }>(
    `/${plural}/${record.id}/events?limit=200`,
  )
  const begin = Date.parse(data[0]?.at ?? '')
  for (const event of data) {
    const seconds = ((Date.parse(event.at) - begin) / 1000).toFixed(2).padStart(7)
    print(
      `    ${seconds}s  ${event.type}${event.data.remoteState === undefined ? '' : `  (${event.data.remoteState})`}`,
    )
  }
}

function describe({ status, statusReason, statusMessage, remote }: ApiRecord): string {
  const reason =
    statusReason === undefined ? '' : ` (${statusReason}${statusMessage === undefined ? '' : `: ${statusMessage}`})`
  return `${status}${reason}${remote?.state === undefined ? '' : `  ← ${remote.state}`}`
}
