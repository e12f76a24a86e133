import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { migrate } from '../../src/infra/migrate.ts'
import { jobRequest, openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { runCommand } from '../support/process.ts'
import { type StubServer, startStubServer } from '../support/stub-server.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import {
  initCluster,
  makeServerDirectory,
  type PostgresServer,
  postgresRequirements,
  recoverTo,
  startServer,
} from './postgres-server.ts'
import { describeReal } from './requirements.ts'

const name = 'switchyard'

describeReal('restore of a backup after later writes', postgresRequirements(), () => {
  let directory: ReturnType<typeof makeServerDirectory>
  let receiver: StubServer
  let sandbox: TestSandbox
  let server: PostgresServer
  const inside = (file: string): string => join(directory.path, file)

  beforeAll(async () => {
    directory = makeServerDirectory()
    receiver = await startStubServer()
    receiver.on('POST /hook', { status: 204 })
    initCluster(inside('data'), inside('wal'))
    server = await startServer(inside('data'))
  })

  beforeEach(async () => {
    sandbox = await startQuickSandbox()
  })

  afterEach(async () => {
    await sandbox.close()
  })

  afterAll(async () => {
    await server?.stop()
    await receiver?.close()
    directory?.remove()
  })

  const start = (url: string): Promise<Switchyard> => startSwitchyard({ databaseUrl: url, redis: null })

  async function sql(statement: string, url = server.url('postgres')): Promise<void> {
    const client = new Client({ connectionString: url })
    await client.connect()
    await client.query(statement).finally(() => client.end())
  }

  const delivered = (jobs: readonly ApiRecord[]): boolean[] =>
    jobs.map(({ id }) => receiver.requests.some(({ body }) => body.includes(id) && body.includes('job.running')))

  /** Queues jobs and takes the backup, then creates the jobs and accepts one more, all of which the restore loses. */
  async function verifyRestore(backUp: () => Promise<void>, restore: () => Promise<string>): Promise<void> {
    await sql(`CREATE DATABASE ${name}`)
    await migrate({ url: server.url(name) })
    const before = await start(server.url(name))
    const account = await openAccount(before.api, sandbox)
    await before.api.ok('POST', '/webhook-endpoints', { url: `${receiver.url}/hook` })
    const environment = await account.environment()
    const hold = ({ api }: Switchyard, held: boolean) =>
      api.ok('PATCH', `/connections/${account.connectionId}`, { held })
    const submit = ({ api }: Switchyard) =>
      api.ok('POST', '/jobs', jobRequest({ environmentId: environment.id, script: 'sleep 600' }))
    const running = ({ api }: Switchyard, job: ApiRecord) => api.untilStatus(`/jobs/${job.id}`, 'running')
    await hold(before, true)
    const jobs = [await submit(before), await submit(before), await submit(before)]
    await backUp()

    await hold(before, false)
    const lostJob = await submit(before)
    const created = await Promise.all([...jobs, lostJob].map((job) => running(before, job)))
    const lostFeed = await before.api.ok('GET', '/events?limit=100')
    await before.stop()

    const url = await restore()
    const after = await start(url)
    const remoteIds = () => account.apps(environment).map(({ id }) => id)
    expect((await after.api.call('GET', `/jobs/${lostJob.id}`)).status).toBe(404)
    await hold(after, false)
    const found = await Promise.all(jobs.map((job) => running(after, job)))
    expect(found.map(({ remote }) => remote?.id)).toEqual(created.slice(0, 3).map(({ remote }) => remote?.id))
    expect(new Set(remoteIds())).toEqual(new Set(created.map(({ remote }) => remote?.id)))

    expect(await after.api.call('GET', `/events?cursor=${lostFeed.endCursor}`)).toMatchObject({
      status: 410,
      body: { code: 'cursor_expired' },
    })
    const newJob = await running(after, await submit(after))
    const { endCursor, data } = (await after.api.ok('GET', '/events?limit=100')) as unknown as Feed
    expect(data.filter(({ type, recordId }) => type === 'job.running' && recordId === newJob.id)).toHaveLength(1)
    expect((await after.api.call('GET', `/events?cursor=${endCursor}`)).status).toBe(200)
    await expect.poll(() => delivered([...jobs, newJob])).toEqual([true, true, true, true])

    const { orphans } = (await after.api.ok('GET', `/connections/${account.connectionId}/orphans`)) as unknown as {
      orphans: { remoteId: string }[]
    }
    expect(orphans).toEqual([expect.objectContaining({ remoteId: created[3]?.remote?.id })])
    await after.stop()
    const doctor = await runCommand(['doctor'], { DATABASE_URL: url }).exited
    expect(doctor).toMatchObject({ code: 0, stdout: expect.stringMatching(/restored or failed over: noticed at 2/) })
    expect(doctor.stdout).toContain('GET /connections/{id}/orphans')
  }

  it('by pg_restore recovers created jobs without duplicates', async () => {
    await verifyRestore(
      async () => server.run('pg_dump', '-Fc', '-f', inside('dump'), name),
      async () => {
        server.run('pg_restore', '--clean', '--if-exists', '-d', name, inside('dump'))
        return server.url(name)
      },
    )
    await sql(`DROP DATABASE ${name} WITH (FORCE)`)
  })

  it('by WAL up to a point in time recovers created jobs without duplicates', async () => {
    await verifyRestore(
      async () => {
        server.run('pg_basebackup', '-D', inside('base'), '-c', 'fast')
        await sql(`SELECT pg_create_restore_point('before_the_loss')`)
      },
      async () => {
        await sql('SELECT pg_switch_wal()')
        await server.stop()
        recoverTo(inside('base'), inside('wal'), 'before_the_loss')
        server = await startServer(inside('base'))
        return server.url(name)
      },
    )
  })
})

interface Feed {
  endCursor: string
  data: { type: string; recordId: string }[]
}
