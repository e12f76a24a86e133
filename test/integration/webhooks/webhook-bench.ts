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

/** Shares with all delivery slots free. */
export const idle: Shares = {
  ...{ maxEach: 10, maxOfProject: 100 },
  busy: { byEndpoint: new Map<string, number>(), byProject: new Map<string, number>() },
}

/** A message that a receiver has verified. */
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

/** A service with any number of workers, and a webhook receiver with configurable responses. */
export interface WebhookBench {
  api: ApiCaller
  projectId: string
  database: TestDatabase
  open: Database
  receiver: StubServer
  /** Starts workers on the same database. */
  startWorkers(settings?: Settings, options?: Partial<SwitchyardOptions>): Promise<Switchyard>
  /** Resolves once no transaction is open on this server that is older than the committed ones. */
  settled(): Promise<void>
  /** Registers an endpoint at a path of the receiver, which returns 204 by default. It receives events from then on. */
  register(path: string, more?: object): Promise<{ id: string; secret: string }>
  /** Records a workload event and returns its id. */
  record(event?: EventInput): Promise<string>
  /** Requests a test message, which is recorded immediately. */
  test(endpointId: string): Promise<Delivery>
  /** Requests received at a path, optionally only those of one event. */
  at(path: string, eventId?: string): readonly RecordedRequest[]
  /** Waits for a delivery of the endpoint that matches. */
  untilDelivery(endpointId: string, matches: (delivery: Delivery) => boolean): Promise<Delivery>
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
  const server = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
  const running: Switchyard[] = [server]
  const { api } = server
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
      const created = await api.ok('POST', '/webhook-endpoints', { url: receiver.url + path, ...more })
      return created as unknown as { id: string; secret: string }
    },
    record: (event) => record(open, { projectId, ...event }),
    test: async (endpointId) => (await api.ok('POST', `/webhook-endpoints/${endpointId}/test`)) as unknown as Delivery,
    at: (path, eventId) =>
      receiver.requests.filter(
        ({ target, headers }) => target === path && (eventId === undefined || headers['webhook-id'] === eventId),
      ),
    async untilDelivery(endpointId, matches) {
      return vi.waitUntil(
        async () => {
          const page = (await api.ok('GET', `/webhook-endpoints/${endpointId}/deliveries`)) as unknown as {
            data: Delivery[]
          }
          return page.data.find(matches)
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

/** Writes an event like the engine, in a separate transaction. */
export async function record({ pool }: Pick<Database, 'pool'>, event: EventInput): Promise<string> {
  const id = makeId('event')
  const { workloadId = makeId(event.kind ?? 'job'), seq = 1, kind = 'job', type = 'job.running', projectId } = event
  await pool.query(
    `INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data) VALUES ($1, $2, $3, $4, $5, $6, '{"status": "running"}')`,
    [workloadId, seq, id, projectId, kind, type],
  )
  return id
}

/** Verifies a message like a receiver. @throws if the signature is invalid */
export function verified({ body, headers }: RecordedRequest, secret: string): Received {
  const message = new Webhook(secret).verify(body, headers as Record<string, string>) as Omit<Received, 'id'>
  return { ...message, id: String(headers['webhook-id']) }
}

/** Waits until a condition holds. */
export const until = (isTrue: () => boolean | Promise<boolean>) =>
  vi.waitUntil(isTrue, { timeout: 30_000, interval: 20 })

/** A webhook bench for one test file. */
export async function useWebhookBench(): Promise<WebhookBench> {
  return endAfterFile(await startWebhookBench(), (bench) => bench.stop())
}
