import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/sandbox/random.ts'
import type { Client } from './client.ts'
import { type Accounts, bodyOf, type RequestShape, shapes } from './request-templates.ts'

/** What the client of a run was told, workload by workload: the first of the three lists. */
export interface Told {
  key: string
  kind: 'job' | 'environment'
  provider: string
  /** Every different id that this key received: more than one is a fault. */
  ids: string[]
  /** Refused with a problem: nothing was promised. */
  refusal: string | null
}

interface ActionRequest {
  verb: 'cancel' | 'stop' | 'start' | 'delete'
  afterMs: number
}

/** One request of the mixed load, drawn from the seed. */
export interface LoadItem {
  index: number
  atMs: number
  shape: RequestShape
  /** Which of the provider's long-lived environments a job goes to. */
  pool: number
  /** The answer is asked for twice, with one key. */
  asksTwice: boolean
  desiredStates: ActionRequest[]
}

const latestWishMs = 4000

/** The mixed load of a seed: the same seed draws the same requests at the same times. */
export function drawLoad(random: Random, { workloads, seconds }: { workloads: number; seconds: number }): LoadItem[] {
  const weights = shapes.map(({ weight }) => weight)
  return Array.from({ length: workloads }, (_, index) => {
    const shape = shapes[pick(random, weights)] as RequestShape
    return {
      index,
      atMs: Math.floor(random.next() * seconds * 1000),
      shape,
      pool: random.below(1000),
      asksTwice: random.next() < 0.15,
      desiredStates: drawWishes(random, shape),
    }
  })
}

function drawWishes(random: Random, { kind, verbs }: RequestShape): ActionRequest[] {
  const afterMs = () => random.below(latestWishMs)
  const draw = random.next()
  if (kind === 'job') return draw < 0.3 && verbs.includes('cancel') ? [{ verb: 'cancel', afterMs: afterMs() }] : []
  const desiredStates: ActionRequest[] = []
  if (draw < 0.45 && verbs.includes('stop')) desiredStates.push({ verb: 'stop', afterMs: afterMs() })
  if (draw < 0.25 && verbs.includes('start')) desiredStates.push({ verb: 'start', afterMs: afterMs() })
  if (random.next() < 0.5) desiredStates.push({ verb: 'delete', afterMs: afterMs() })
  return desiredStates
}

function pick(random: Random, weights: readonly number[]): number {
  let left = random.next() * weights.reduce((sum, weight) => sum + weight, 0)
  for (const [index, weight] of weights.entries()) {
    left -= weight
    if (left < 0) return index
  }
  return 0
}

/** Sends one request until it is answered, and remembers what was told. */
export async function submit(
  client: Client,
  { key, kind, provider, body }: Pick<Told, 'key' | 'kind' | 'provider'> & { body: object },
): Promise<Told> {
  const told: Told = { key, kind, provider, ids: [], refusal: null }
  return repeat(client, told, body)
}

async function repeat(client: Client, told: Told, body: object): Promise<Told> {
  const answer = await client.call('POST', told.kind === 'job' ? '/jobs' : '/environments', { body, key: told.key })
  const { id } = answer.body
  if (answer.status >= 300 || id === undefined) told.refusal = `${answer.status} ${answer.body.detail ?? ''}`
  else if (!told.ids.includes(id)) told.ids.push(id)
  return told
}

export interface LoadParts {
  client: Client
  accounts: Accounts
  told: Told[]
}

/** Runs the load: long-lived environments first, then everything at its time. Resolves when all was asked. */
export async function runLoad(items: readonly LoadItem[], parts: LoadParts): Promise<void> {
  if (items.length === 0) return
  const pools = await makePools(items, parts)
  const startedMs = performance.now()
  await Promise.all(items.map((item) => runItem(item, parts, { pools, startedMs })))
  for (const id of (pools.get('dataforest') ?? []).filter((_, index) => index % 2 === 0)) {
    await parts.client.call('DELETE', `/environments/${id}?cancelJobs=true`)
  }
}

/** Environments that jobs are sent into; no stop or delete comes for them while jobs do. */
async function makePools(items: readonly LoadItem[], parts: LoadParts): Promise<Map<string, string[]>> {
  const pools = new Map<string, string[]>()
  for (const { provider, jobsPerPool } of shapes.filter(({ needsPool }) => needsPool)) {
    const jobs = items.filter(({ shape }) => shape.needsPool && shape.provider === provider).length
    const made = await Promise.all(
      Array.from({ length: Math.ceil(jobs / jobsPerPool) }, (_, index) => {
        const body = bodyOf({ provider, kind: 'environment' }, { accounts: parts.accounts, suffix: `pool${index}` })
        return submit(parts.client, { key: `pool-${provider}-${index}`, kind: 'environment', provider, body })
      }),
    )
    parts.told.push(...made)
    pools.set(
      provider,
      made.flatMap(({ ids }) => ids),
    )
  }
  return pools
}

async function runItem(
  { index, atMs, shape, pool, asksTwice, desiredStates }: LoadItem,
  { client, accounts, told }: LoadParts,
  { pools, startedMs }: { pools: ReadonlyMap<string, readonly string[]>; startedMs: number },
): Promise<void> {
  await sleep(Math.max(0, startedMs + atMs - performance.now()))
  const environments = pools.get(shape.provider) ?? []
  const body = {
    ...bodyOf(shape, { accounts, suffix: String(index) }),
    ...(shape.needsPool ? { environmentId: environments[pool % environments.length] } : {}),
  }
  const answered = await submit(client, { key: `load-${index}`, kind: shape.kind, provider: shape.provider, body })
  told.push(answered)
  if (asksTwice) await repeat(client, answered, body)
  const [id] = answered.ids
  if (id === undefined) return
  for (const { verb, afterMs } of desiredStates) {
    await sleep(afterMs)
    await requestAction(client, shape.kind, id, verb)
  }
}

/** A request that does not fit the moment is refused; that is an answer like another. */
async function requestAction(
  client: Client,
  kind: Told['kind'],
  id: string,
  verb: ActionRequest['verb'],
): Promise<void> {
  const path = `/${kind === 'job' ? 'jobs' : 'environments'}/${id}`
  if (verb === 'delete') await client.call('DELETE', path)
  else await client.call('POST', `${path}/${verb}`)
}
