import type { ApiClient, ApiRecord } from './api-client.ts'
import type { Story } from './demo-scenarios.ts'

/** How stories are run and reported. */
interface Telling {
  /** Timeout of each step. */
  limitMs: number
  say(line: string): void
}

/** Runs the stories one after the other. Returns the failures; empty = success. */
export async function runStories(api: ApiClient, stories: readonly Story[], telling: Telling): Promise<string[]> {
  const { say } = telling
  const failures: string[] = []
  for (const story of stories) {
    say(`\n${story.title}`)
    const told = await tell(api, story, telling).catch((error: unknown) => [
      `${story.provider}: ${(error as Error).message}`,
    ])
    failures.push(...told)
  }
  return failures
}

/** Runs one story: creates the environment, runs the job, deletes the environment. Returns the failures. */
async function tell(api: ApiClient, story: Story, telling: Telling): Promise<string[]> {
  const environment = story.environment && (await settle(api, story, { request: story.environment, telling }))
  const failures =
    environment === undefined || environment.status === 'running'
      ? []
      : [`${story.provider}: environment ${environment.id} ended ${describe(environment)}`]
  if (failures.length === 0 && story.job !== undefined)
    failures.push(...(await runJob(api, story, { environmentId: environment?.id, request: story.job, telling })))
  if (environment !== undefined) failures.push(...(await remove(api, environment, telling)))
  return failures
}

async function remove(api: ApiClient, environment: ApiRecord, telling: Telling): Promise<string[]> {
  await api.delete(`/environments/${environment.id}`)
  const deleted = await follow(api, environment, {
    ...telling,
    plural: 'environments',
    isWanted: ({ status }) => status === 'deleted',
  })
  await timeline(api, 'environments', deleted, telling.say)
  if (deleted.status === 'deleted') return []
  return [`${deleted.provider}: environment ${deleted.id} was not deleted: ${describe(deleted)}`]
}

/** Waits until it runs; a blocked environment is sent the unblocking PATCH. */
async function settle(
  api: ApiClient,
  { unblock }: Story,
  { request, telling }: { request: object; telling: Telling },
): Promise<ApiRecord> {
  const accepted = await api.post('/environments', request)
  const environments = { ...telling, plural: 'environments' }
  const isSettled = ({ status }: ApiRecord) => status === 'running' || status === 'blocked'
  const settled = await follow(api, accepted, { ...environments, isWanted: isSettled })
  if (settled.status !== 'blocked' || unblock === undefined) return settled
  const patched = await api.patch(`/environments/${settled.id}`, unblock)
  return follow(api, patched, { ...environments, isWanted: ({ status }) => status === 'running' })
}

async function runJob(
  api: ApiClient,
  { output }: Story,
  { environmentId, request, telling }: { environmentId: string | undefined; request: object; telling: Telling },
): Promise<string[]> {
  const accepted = await api.post('/jobs', 'provider' in request ? request : { environmentId, ...request })
  const job = await follow(api, accepted, { ...telling, plural: 'jobs', isWanted: () => false })
  await timeline(api, 'jobs', job, telling.say)
  const failures = job.status === 'succeeded' ? [] : [`${job.provider}: job ${job.id} ended ${describe(job)}`]
  if (!ended.has(job.status)) failures.push(...(await cancel(api, job, telling)))
  if (output !== undefined) telling.say(indented('Output:', await output(job)))
  return failures
}

/** A job that takes too long does not stay in the provider's queue. Returns the failures. */
async function cancel(api: ApiClient, job: ApiRecord, telling: Telling): Promise<string[]> {
  try {
    const canceling = await api.post(`/jobs/${job.id}/cancel`)
    await follow(api, canceling, { ...telling, plural: 'jobs', isWanted: () => false, limitMs: cancelLimitMs })
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

/** Reports each change until the record is as wanted, has ended, or the timeout expires. */
async function follow(
  api: ApiClient,
  first: ApiRecord,
  { plural, isWanted, limitMs, say }: Telling & { plural: string; isWanted(record: ApiRecord): boolean },
): Promise<ApiRecord> {
  const untilMs = performance.now() + limitMs
  let record = first
  let shown = ''
  for (;;) {
    const line = `  ${record.id}  ${describe(record)}`
    if (line !== shown) say(line)
    shown = line
    const leftMs = untilMs - performance.now()
    if (isWanted(record) || ended.has(record.status) || leftMs <= 0) return record
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

async function timeline(api: ApiClient, plural: string, record: ApiRecord, say: Telling['say']): Promise<void> {
  const { data } = await api.get<{ data: { at: string; type: string; data: { remoteState?: string } }[] }>(
    `/${plural}/${record.id}/events?limit=200`,
  )
  const begin = Date.parse(data[0]?.at ?? '')
  for (const event of data) {
    const seconds = ((Date.parse(event.at) - begin) / 1000).toFixed(2).padStart(7)
    say(`    ${seconds}s  ${event.type}${event.data.remoteState === undefined ? '' : `  (${event.data.remoteState})`}`)
  }
}

function describe({ status, statusReason, statusMessage, remote }: ApiRecord): string {
  const reason =
    statusReason === undefined ? '' : ` (${statusReason}${statusMessage === undefined ? '' : `: ${statusMessage}`})`
  return `${status}${reason}${remote?.state === undefined ? '' : `  ← ${remote.state}`}`
}
