import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readConfig } from '../config.ts'
import { makeLogger } from '../infra/logger.ts'
import { type ApiClient, type ApiRecord, makeApiClient } from './api-client.ts'
import { makeStories, type Story } from './demo-stories.ts'
import { startLocalStack } from './local-stack.ts'
import { untilSignal } from './until-signal.ts'

/** Quick looks, so that a demo is watched and not waited for. Timing alone differs from a real service. */
const quick = {
  PORT: '0',
  UPKEEP_INTERVAL_MS: '100',
  SWEEP_MIN_INTERVAL_MS: '200',
  SWEEP_MAX_INTERVAL_MS: '2000',
  LOG_LEVEL: 'warn',
}
const storyLimitMs = 90_000

/**
 * The main job from nothing to an end: the whole stack on free ports, the documents' example requests to every provider
 * over HTTP. Exits 0 only if every job succeeded and every environment settled and was deleted.
 */
export async function demo(): Promise<void> {
  const config = readConfig({ ...quick })
  const dataDir = await mkdtemp(join(tmpdir(), 'switchyard-demo-'))
  say('Starting Postgres, the sandbox providers, the API and the workers …')
  const stack = await startLocalStack({
    config,
    dataDir,
    persistent: false,
    sandboxPort: 0,
    logger: makeLogger({ level: config.LOG_LEVEL }),
  })
  const interrupted = untilSignal().then(() => ['interrupted'])
  try {
    const api = makeApiClient(stack.url, stack.apiKey)
    const failures = await Promise.race([runAll(api, makeStories(stack.sandbox)), interrupted])
    say(
      failures.length === 0
        ? '\nEverything ended as it should.'
        : `\nNot as it should be:\n${failures.map((failure) => `  ✗ ${failure}`).join('\n')}`,
    )
    process.exitCode = failures.length === 0 ? 0 : 1
  } finally {
    await stack.stop()
    await rm(dataDir, { recursive: true, force: true })
  }
}

async function runAll(api: ApiClient, stories: readonly Story[]): Promise<string[]> {
  const failures: string[] = []
  for (const story of stories) {
    say(`\n${story.title}`)
    const told = await tell(api, story).catch((error: unknown) => [`${story.provider}: ${(error as Error).message}`])
    failures.push(...told)
  }
  return failures
}

/** One provider: make an environment, run its jobs, delete it. Answers what went wrong. */
async function tell(api: ApiClient, { environment: request, unblock, jobs, provider }: Story): Promise<string[]> {
  const accepted = await api.post('/environments', request)
  const environment = await settle(api, accepted, unblock)
  const failures =
    environment.status === 'running'
      ? []
      : [`${provider}: environment ${environment.id} ended ${describe(environment)}`]
  if (failures.length === 0) failures.push(...(await runJobs(api, environment, jobs)))
  await api.delete(`/environments/${environment.id}`)
  const deleted = await follow(api, 'environments', environment, (record) => record.status === 'deleted')
  if (deleted.status !== 'deleted')
    failures.push(`${provider}: environment ${deleted.id} is not deleted but ${describe(deleted)}`)
  await timeline(api, 'environments', deleted)
  return failures
}

/** Until it runs; one that is blocked is sent what it needs. */
async function settle(api: ApiClient, accepted: ApiRecord, unblock: object | undefined): Promise<ApiRecord> {
  const settled = await follow(
    api,
    'environments',
    accepted,
    ({ status }) => status === 'running' || status === 'blocked',
  )
  if (settled.status !== 'blocked' || unblock === undefined) return settled
  const patched = await api.patch(`/environments/${settled.id}`, unblock)
  return follow(api, 'environments', patched, ({ status }) => status === 'running')
}

async function runJobs(api: ApiClient, environment: ApiRecord, jobs: readonly object[]): Promise<string[]> {
  const failures: string[] = []
  for (const request of jobs) {
    const accepted = await api.post(
      '/jobs',
      'provider' in request ? request : { environmentId: environment.id, ...request },
    )
    const job = await follow(api, 'jobs', accepted, () => false)
    if (job.status !== 'succeeded') failures.push(`${job.provider}: job ${job.id} ended ${describe(job)}`)
    await timeline(api, 'jobs', job)
  }
  return failures
}

/** Prints each change until the record has settled as wanted, or ended. */
async function follow(
  api: ApiClient,
  plural: string,
  first: ApiRecord,
  isWanted: (record: ApiRecord) => boolean,
): Promise<ApiRecord> {
  const untilMs = performance.now() + storyLimitMs
  let record = first
  let shown = ''
  for (;;) {
    const line = `  ${record.id}  ${describe(record)}`
    if (line !== shown) say(line)
    shown = line
    if (isWanted(record) || ended.has(record.status) || performance.now() > untilMs) return record
    record = (await changed(api, plural, record)) ?? record
  }
}

const ended: ReadonlySet<string> = new Set(['succeeded', 'failed', 'canceled', 'unknown', 'deleted'])

/** Waits for the next version; null where none came for a while. */
async function changed(api: ApiClient, plural: string, record: ApiRecord): Promise<ApiRecord | null> {
  return api.get<ApiRecord | null>(`/${plural}/${record.id}`, {
    prefer: 'wait=5',
    'if-none-match': `"${record.version}"`,
  })
}

async function timeline(api: ApiClient, plural: string, record: ApiRecord): Promise<void> {
  const { data } = await api.get<{ data: { at: string; type: string; data: { remoteState?: string } }[] }>(
    `/${plural}/${record.id}/events`,
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

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}
