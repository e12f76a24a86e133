import { Client } from 'pg'
import { afterAll, beforeAll } from 'vitest'
import { makeInstallationRepository } from '../../../src/access/installation.repository.ts'
import { type FeedPosition, makeFeedRepository } from '../../../src/events/feed.repository.ts'
import { type Database, makeDatabase } from '../../../src/infra/database.ts'
import { makeId } from '../../../src/vocabulary/ids.ts'
import { createTestDatabase, type TestDatabase } from '../../support/test-database.ts'

/** A database with an event feed for one test file. */
export function useFeed() {
  let database: TestDatabase
  let open: Database
  let feed: ReturnType<typeof makeFeedRepository>
  const clients: Client[] = []

  beforeAll(async () => {
    database = await createTestDatabase()
    open = makeDatabase({ url: database.url, poolSize: 4 })
    await makeInstallationRepository(open.prisma).installationTag('abc')
    feed = makeFeedRepository(open.prisma)
  })

  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()))
    await open?.close()
    await database?.drop()
  })

  /** A separate session, for transactions that stay open. */
  async function session(): Promise<Client> {
    const client = new Client({ connectionString: database.url })
    clients.push(client)
    await client.connect()
    return client
  }

  async function makeProject(): Promise<string> {
    const id = makeId('project')
    await open.prisma.$executeRaw`INSERT INTO projects (id, name) VALUES (${id}, ${id})`
    return id
  }

  /** A record with its first event. */
  async function makeRecord(projectId: string, sql: Pick<Client, 'query'> = open.pool): Promise<string> {
    const id = makeId('job')
    await sql.query(
      `WITH w AS (
        INSERT INTO workloads (id, project_id, kind, provider, connection_id, name, labels, spec, correlation_tag, status)
        VALUES ($1, $2, 'job', 'slurm', 'conn', 'n', '{}', '{}', $1, 'running') RETURNING *
      ) INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT id, 1, id || '/1', project_id, kind, 'job.running', '{"status":"running"}' FROM w`,
      [id, projectId],
    )
    return id
  }

  /** Adds the next event of the record, in the current transaction of the session. */
  async function addEvent(id: string, sql: Pick<Client, 'query'> = open.pool): Promise<void> {
    await sql.query(
      `WITH w AS (UPDATE workloads SET seq = seq + 1 WHERE id = $1 RETURNING *)
      INSERT INTO workload_events (workload_id, seq, id, project_id, kind, type, data)
      SELECT id, seq, id || '/' || seq, project_id, kind, 'job.running', '{"status":"running"}' FROM w`,
      [id],
    )
  }

  async function readNow(projectId: string, after: FeedPosition | null = null, limit = 1000) {
    const page = await feed.read(projectId, { after, limit })
    if (page === null) throw new Error('project not found')
    return { ...page, eventIds: page.events.map(({ id }) => id) }
  }

  /** Reads once no open transaction holds events back. Transactions in other test databases do so too. */
  async function read(...args: Parameters<typeof readNow>) {
    for (;;) {
      const page = await readNow(...args)
      if (!page.isBehind || page.isFull) return page
    }
  }

  return {
    get database() {
      return database
    },
    get open() {
      return open
    },
    get feed() {
      return feed
    },
    ...{ session, makeProject, makeRecord, addEvent, readNow, read },
  }
}
