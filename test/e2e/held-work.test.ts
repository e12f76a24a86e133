import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { type Account, openAccount, useQuickSandbox } from '../support/dataforest-account.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const sandbox = await useQuickSandbox()

describe('holds', () => {
  let database: TestDatabase
  let sql: Client
  let switchyard: Switchyard
  let account: Account
  let environment: ApiRecord

  const start = (heldProviders: readonly string[] = []) =>
    startSwitchyard({
      databaseUrl: database.url,
      redis: null,
      settings: { heldProviders: new Set(heldProviders) },
    })

  beforeAll(async () => {
    database = await createTestDatabase()
    sql = new Client({ connectionString: database.url })
    await sql.connect()
    switchyard = await start()
    account = await openAccount(switchyard.api, sandbox)
    environment = await account.environment()
  })

  afterAll(async () => {
    await switchyard.stop()
    await sql.end()
    await database.drop()
  })

  const path = ({ id }: ApiRecord) => `/jobs/${id}`
  const untilHeld = (job: ApiRecord) => switchyard.api.until(path(job), ({ statusReason }) => statusReason === 'held')
  const untilSucceeded = (job: ApiRecord) => switchyard.api.untilStatus(path(job), 'succeeded')

  it('suspend a single job until it is released', async () => {
    const connection = `/connections/${account.connectionId}`
    await switchyard.api.ok('PATCH', connection, { held: true })
    const job = await account.job(environment)
    await untilHeld(job)
    await switchyard.api.ok('PATCH', path(job), { held: true })
    await switchyard.api.ok('PATCH', connection, { held: false })
    const before = account.apps(environment).length
    const other = await account.job(environment)
    await untilSucceeded(other)
    expect(await switchyard.api.ok('GET', path(job))).toMatchObject({ status: 'queued', statusReason: 'held' })
    expect(account.apps(environment)).toHaveLength(before + 1)
    await switchyard.api.ok('PATCH', path(job), { held: false })
    await untilSucceeded(job)
  })

  it('suspend all calls of a connection, including cancels, until they are released', async () => {
    const connection = `/connections/${account.connectionId}`
    const running = await account.job(environment, 'sleep 600')
    const observed = await switchyard.api.untilStatus(path(running), 'running')
    await switchyard.api.ok('PATCH', connection, { held: true })
    const before = account.apps(environment).length
    const queued = await account.job(environment)
    await switchyard.api.ok('POST', `${path(running)}/cancel`)
    for (const job of [queued, running]) await untilHeld(job)
    expect(account.apps(environment)).toHaveLength(before)
    expect(account.apps(environment).find(({ id }) => id === observed.remote?.id)?.state).toBe('RUNNING')
    await switchyard.api.ok('PATCH', connection, { held: false })
    await untilSucceeded(queued)
    await switchyard.api.untilStatus(path(running), 'canceled')
  })

  it('suspend a whole provider until a restart without PAUSED_PROVIDERS', async () => {
    await switchyard.stop()
    switchyard = await start(['dataforest'])
    const before = account.apps(environment).length
    const submit = { environmentId: environment.id, name: 'held', image: 'tensorflow:r2.3.1-py3', script: 'true' }
    const job = await switchyard.api.ok('POST', '/jobs', submit)
    await untilHeld(job)
    expect(account.apps(environment)).toHaveLength(before)
    await switchyard.stop()
    switchyard = await start()
    // The next poll would be within a minute; the test makes it due.
    await sql.query('UPDATE workloads SET due_at = now() WHERE id = $1', [job.id])
    await untilSucceeded(job)
    expect(account.apps(environment)).toHaveLength(before + 1)
  })
})
