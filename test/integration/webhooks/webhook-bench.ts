import { Webhook } from 'standardwebhooks'
import { vi } from 'vitest'
import { type Database, makeDatabase } from '../../../src/infra/database.ts'
import { makeId } from '../../../src/vocabulary/ids.ts'
import type { Shares } from '../../../src/webhooks/claims.repository.ts'
import type { ApiCaller } from '../../support/api-caller.ts'
import { endAfterFile } from '../../support/end-after-file.ts'
import { settled } from '../../support/settled.ts'
import { type RecordedRequest, type StubServer, startStubServer } from '../../support/stub-server.ts'
import { quickSettings, type Switchyard, type SwitchyardOptions, startSwitchyard } from '../../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'

/** Hands that are all free. */
export const idle: Shares = {
  ...{ maxEach: 10, maxOfProject: 100 },
  busy: { byEndpoint: new Map<string, number>(), byProject: new Map<string, number>() },
}

/** A message as a receiver has verified it. */
export interface Received {
  id: string
  type: string
  timestamp: string
  data: Readonly<Record<string, unknown>>
}

export interface EventInput {
  workloadId?: string
  seq?: number
  kind?: 'job' | 'environment'
  type?: string
  projectId?: string
}

type Settings = Partial<typeof quickSettings.webhooks>

/** A service with as many workers as a test likes, and a receiver that answers as it is told. */
export interface WebhookBench {
  api: ApiCaller
  projectId: string
  database: TestDatabase
  open: Database
  receiver: StubServer
  /** Workers over the same database. */
  startWorkers(settings?: Settings, options?: Partial<SwitchyardOptions>): Promise<Switchyard>
  /** Until no transaction of this server is open that is older than what is committed: what was, is over. */
  settled(): Promise<void>
  /** An endpoint at a path of the receiver, which answers 204 there until it is told otherwise. It gets what happens then. */
  register(path: string, more?: object): Promise<{ id: string; secret: string }>
  /** Something happens to a workload. Answers the event's id. */
  record(event?: EventInput): Promise<string>
  /** Asks for a test message, which is recorded at once. */
  test(endpointId: string): Promise<Delivery>
  /** What came at a path of an event; of any unless one is named. */
  at(path: string, eventId?: string): readonly RecordedRequest[]
  /** A delivery of an endpoint, once there is one as it is wanted. */
  untilDelivery(endpointId: string, isWanted: (delivery: Delivery) => boolean): Promise<Delivery>
  stop(): Promise<void>
}

export interface Delivery {
  id: string
  eventId: string
  type: string
  status: string
  attempts: number
  nextAttemptAt?: string
  lastAttempt?: { httpStatus?: number; reason?: string }
}

export async function startWebhookBench(): Promise<WebhookBench> {
  const database = await createTestDatabase()
  const receiver = await startStubServer()
  const open = makeDatabase({ url: database.url, poolSize: 6 })
  const front = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
  const running: Switchyard[] = [front]
  const { api } = front
  const { data } = (await api.ok('GET', '/projects')) as unknown as { data: { id: string }[] }
  const projectId = data[0]?.id ?? ''
  return {
    ...{ api, projectId, database, open, receiver },
    async startWorkers(settings = {}, options = {}) {
      const webhooks = { ...quickSettings.webhooks, ...settings }
      const worker = await startSwitchyard({
        ...{ databaseUrl: database.url, redis: null, role: 'worker', shutdownTimeoutMs: 3000 },
        ...options,
        settings: { webhooks, ...options.settings },
      })
      running.push(worker)
      return worker
    },
    settled: () => settled(open),
    async register(path, more = {}) {
      await settled(open)
      receiver.on(`POST ${path}`, { status: 204 })
      const made = await api.ok('POST', '/webhook-endpoints', { url: receiver.url + path, ...more })
      return made as unknown as { id: string; secret: string }
    },
    record: (event) => record(open, { projectId, ...event }),
    test: async (endpointId) => (await api.ok('POST', `/webhook-endpoints/${endpointId}/test`)) as unknown as Delivery,
    at: (path, eventId) =>
      receiver.requests.filter(
        ({ target, headers }) => target === path && (eventId === undefined || headers['webhook-id'] === eventId),
      ),
    async untilDelivery(endpointId, isWanted) {
      return vi.waitUntil(
        async () => {
          const page = (await api.ok('GET', `/webhook-endpoints/${endpointId}/deliveries`)) as unknown as {
            data: Delivery[]
          }
          return page.data.find(isWanted)
        },
        { timeout: 30_000, interval: 25 },
      ) as Promise<Delivery>
    },
    async stop() {
      await Promise.all(running.map((each) => each.stop()))
      await receiver.close()
      await open.close()
      await database.drop()
    },
  }
}

/** An event as the engine writes it, in a transaction of its own. */
export async function record({ pool }: Pick<Database, 'pool'>, event: EventInput): Promise<string> {
  const id = makeId('event')
  const { workloadId = makeId(event.kind ?? 'job'), seq = 1, kind = 'job', type = 'job.running', projectId } = event
  await pool.query(
    `INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data) VALUES ($1, $2, $3, $4, $5, $6, '{"status": "running"}')`,
    [workloadId, seq, id, projectId, kind, type],
  )
  return id
}

/** As a receiver does it. @throws when nothing of it verifies */
export function verified({ body, headers }: RecordedRequest, secret: string): Received {
  const message = new Webhook(secret).verify(body, headers as Record<string, string>) as Omit<Received, 'id'>
  return { ...message, id: String(headers['webhook-id']) }
}

/** Until a condition holds. */
export const until = (isTrue: () => boolean | Promise<boolean>) =>
  vi.waitUntil(isTrue, { timeout: 30_000, interval: 20 })

/** The bench of a whole test file. */
export async function useWebhookBench(): Promise<WebhookBench> {
  return endAfterFile(await startWebhookBench(), (bench) => bench.stop())
}
