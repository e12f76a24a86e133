import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/sandbox/random.ts'
import type { Client } from './client.ts'
import { type Accounts, type RequestTemplate, requestBody, requestTemplates } from './request-templates.ts'

/** A submitted workload and its responses: the first of the three lists. */
export interface Submission {
  key: string
  kind: 'job' | 'environment'
  provider: string
  /** Distinct ids returned for this key; more than one is a duplicate. */
  ids: string[]
  /** The error of a rejected request. */
  rejection: string | null
}

interface ActionRequest {
  action: 'cancel' | 'stop' | 'start' | 'delete'
  afterMs: number
}

/** One request of the mixed load, drawn from the seed. */
export interface LoadItem {
  index: number
  atMs: number
  template: RequestTemplate
  /** Index of the provider's long-lived environment for a job. */
  pool: number
  /** Whether the request is repeated with the same key. */
  isRepeated: boolean
  actions: ActionRequest[]
}

const maxActionDelayMs = 4000

/** The mixed load of a seed: the same seed draws the same requests at the same times. */
export function drawLoad(random: Random, { workloads, seconds }: { workloads: number; seconds: number }): LoadItem[] {
  const weights = requestTemplates.map(({ weight }) => weight)
  return Array.from({ length: workloads }, (_, index) => {
    const template = requestTemplates[pick(random, weights)] as RequestTemplate
    return {
      index,
      atMs: Math.floor(random.next() * seconds * 1000),
      template,
      pool: random.below(1000),
      isRepeated: random.next() < 0.15,
      actions: drawActions(random, template),
    }
  })
}

function drawActions(random: Random, { kind, actions: supported }: RequestTemplate): ActionRequest[] {
  const afterMs = () => random.below(maxActionDelayMs)
  const draw = random.next()
  if (kind === 'job')
    return draw < 0.3 && supported.includes('cancel') ? [{ action: 'cancel', afterMs: afterMs() }] : []
  const actions: ActionRequest[] = []
  if (draw < 0.45 && supported.includes('stop')) actions.push({ action: 'stop', afterMs: afterMs() })
  if (draw < 0.25 && supported.includes('start')) actions.push({ action: 'start', afterMs: afterMs() })
  if (random.next() < 0.5) actions.push({ action: 'delete', afterMs: afterMs() })
  return actions
}

function pick(random: Random, weights: readonly number[]): number {
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return index
  }
  return 0
}

/** Sends a request until it gets a response, and records it. */
export async function submit(
  client: Client,
  { key, kind, provider, body }: Pick<Submission, 'key' | 'kind' | 'provider'> & { body: object },
): Promise<Submission> {
  const submission: Submission = { key, kind, provider, ids: [], rejection: null }
  return repeat(client, submission, body)
}

async function repeat(client: Client, submission: Submission, body: object): Promise<Submission> {
  const response = await client.call('POST', submission.kind === 'job' ? '/jobs' : '/environments', {
    body,
    key: submission.key,
  })
  const { id } = response.body
  if (response.status >= 300 || id === undefined)
    submission.rejection = `${response.status} ${response.body.detail ?? ''}`
  else if (!submission.ids.includes(id)) submission.ids.push(id)
  return submission
}

export interface LoadParts {
  client: Client
  accounts: Accounts
  submissions: Submission[]
}

/** Runs the load: long-lived environments first, then each request at its time. Resolves after the last request. */
export async function runLoad(items: readonly LoadItem[], parts: LoadParts): Promise<void> {
  if (items.length === 0) return
  const pools = await makePools(items, parts)
  const startedMs = performance.now()
  await Promise.all(items.map((item) => runItem(item, parts, { pools, startedMs })))
  for (const id of (pools.get('dataforest') ?? []).filter((_, index) => index % 2 === 0)) {
    await parts.client.call('DELETE', `/environments/${id}?cancelJobs=true`)
  }
}

/** Environments for jobs; they are not stopped or deleted while jobs are submitted. */
async function makePools(items: readonly LoadItem[], parts: LoadParts): Promise<Map<string, string[]>> {
  const pools = new Map<string, string[]>()
  for (const { provider, jobsPerPool } of requestTemplates.filter(({ needsPool }) => needsPool)) {
    const jobs = items.filter(({ template }) => template.needsPool && template.provider === provider).length
    const created = await Promise.all(
      Array.from({ length: Math.ceil(jobs / jobsPerPool) }, (_, index) => {
        const body = requestBody(
          { provider, kind: 'environment' },
          { accounts: parts.accounts, suffix: `pool${index}` },
        )
        return submit(parts.client, { key: `pool-${provider}-${index}`, kind: 'environment', provider, body })
      }),
    )
    parts.submissions.push(...created)
    pools.set(
      provider,
      created.flatMap(({ ids }) => ids),
    )
  }
  return pools
}

async function runItem(
  { index, atMs, template, pool, isRepeated, actions }: LoadItem,
  { client, accounts, submissions }: LoadParts,
  { pools, startedMs }: { pools: ReadonlyMap<string, readonly string[]>; startedMs: number },
): Promise<void> {
  await sleep(Math.max(0, startedMs + atMs - performance.now()))
  const environments = pools.get(template.provider) ?? []
  const body = {
    ...requestBody(template, { accounts, suffix: String(index) }),
    ...(template.needsPool ? { environmentId: environments[pool % environments.length] } : {}),
  }
  const submission = await submit(client, {
    key: `load-${index}`,
    kind: template.kind,
    provider: template.provider,
    body,
  })
  submissions.push(submission)
  if (isRepeated) await repeat(client, submission, body)
  const [id] = submission.ids
  if (id === undefined) return
  for (const { action, afterMs } of actions) {
    await sleep(afterMs)
    await requestAction(client, template.kind, id, action)
  }
}

/** A conflict with the current state is an expected response. */
async function requestAction(
  client: Client,
  kind: Submission['kind'],
  id: string,
  action: ActionRequest['action'],
): Promise<void> {
  const path = `/${kind === 'job' ? 'jobs' : 'environments'}/${id}`
  if (action === 'delete') await client.call('DELETE', path)
  else await client.call('POST', `${path}/${action}`)
}
