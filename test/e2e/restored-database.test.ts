import { Client } from 'pg'
import { expect, inject, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { jobRequest, openAccount, startQuickSandbox } from '../support/dataforest-account.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  await client.query(statement).finally(() => client.end())
}

/** A backup of the database, restored beside it in the same cluster. */
async function restored({ url }: TestDatabase): Promise<TestDatabase> {
  const name = `${new URL(url).pathname.slice(1)}_restored`
  const server = inject('testDatabaseServerUrl')
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`)
  const copy = Object.assign(new URL(url), { pathname: `/${name}` }).href
  return { url: copy, drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

it('after a restore nothing is made twice, and what was made in the lost time is found', async () => {
  const [database, sandbox] = await Promise.all([createTestDatabase(), startQuickSandbox()])
  const start = ({ url }: TestDatabase) => startSwitchyard({ databaseUrl: url, redis: null })
  const hold = ({ api }: Switchyard, id: string, held: boolean) => api.ok('PATCH', `/connections/${id}`, { held })
  const running = ({ api }: Switchyard, job: ApiRecord) => api.untilStatus(`/jobs/${job.id}`, 'running')

  const before = await start(database)
  const account = await openAccount(before.api, sandbox)
  const { connectionId } = account
  const environment = await account.environment()
  const submit = ({ api }: Switchyard) =>
    api.ok('POST', '/jobs', jobRequest({ environmentId: environment.id, script: 'sleep 600' }))
  await hold(before, connectionId, true)
  const jobs = await Promise.all([1, 2, 3].map(() => submit(before)))
  const canceled = await submit(before)
  await before.stop()
  const backup = await restored(database)

  // The time that will be lost: the jobs are made, and one that the backup does not know.
  const lost = await start(database)
  await hold(lost, connectionId, false)
  const made = await Promise.all([...jobs, canceled, await submit(lost)].map((job) => running(lost, job)))
  await lost.stop()
  const remoteIds = () => account.apps(environment).map(({ id }) => id)
  expect(remoteIds()).toHaveLength(5)

  const after = await start(backup)
  const doubtful = await Promise.all(jobs.map(({ id }) => after.api.ok('GET', `/jobs/${id}`)))
  expect(doubtful.map(({ status }) => status)).toEqual(jobs.map(() => 'dispatching'))
  await after.api.ok('POST', `/jobs/${canceled.id}/cancel`)
  await hold(after, connectionId, false)
  const found = await Promise.all(jobs.map((job) => running(after, job)))
  expect(found.map(({ remote }) => remote?.id)).toEqual(made.slice(0, 3).map(({ remote }) => remote?.id))
  expect((await after.api.untilStatus(`/jobs/${canceled.id}`, 'canceled')).remote?.id).toBe(made[3]?.remote?.id)
  expect(new Set(remoteIds())).toEqual(new Set(made.map(({ remote }) => remote?.id)))
  await after.stop()

  // It was accepted once: the next start searches for nothing, and what is asked for now is sent at once.
  const again = await start(backup)
  const fresh = await running(again, await submit(again))
  expect(remoteIds()).toHaveLength(6)
  expect(remoteIds()).toContain(fresh.remote?.id)
  await again.stop()
  await sandbox.close()
  await backup.drop()
  await database.drop()
})
