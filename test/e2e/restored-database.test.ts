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

/** Copies the database within the same cluster, like a restored backup. */
async function restoreCopy({ url }: TestDatabase): Promise<TestDatabase> {
  const name = `${new URL(url).pathname.slice(1)}_restored`
  const server = inject('testDatabaseServerUrl')
  await onServer(server, `CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`)
  const copy = Object.assign(new URL(url), { pathname: `/${name}` }).href
  return { url: copy, drop: () => onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) }
}

it('after a restore, objects created since the backup are recovered and none is duplicated', async () => {
  const [database, sandbox] = await Promise.all([createTestDatabase(), startQuickSandbox()])
  const start = ({ url }: TestDatabase) => startSwitchyard({ databaseUrl: url, redis: null })
  const hold = ({ api }: Switchyard, id: string, held: boolean) => api.ok('PATCH', `/connections/${id}`, { held })
  const untilRunning = ({ api }: Switchyard, job: ApiRecord) => api.untilStatus(`/jobs/${job.id}`, 'running')

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
  const backup = await restoreCopy(database)

  // After the backup: the jobs are created, and one that the backup does not contain.
  const original = await start(database)
  await hold(original, connectionId, false)
  const created = await Promise.all(
    [...jobs, canceled, await submit(original)].map((job) => untilRunning(original, job)),
  )
  await original.stop()
  const remoteIds = () => account.apps(environment).map(({ id }) => id)
  expect(remoteIds()).toHaveLength(5)

  const after = await start(backup)
  const unconfirmed = await Promise.all(jobs.map(({ id }) => after.api.ok('GET', `/jobs/${id}`)))
  expect(unconfirmed.map(({ status }) => status)).toEqual(jobs.map(() => 'dispatching'))
  await after.api.ok('POST', `/jobs/${canceled.id}/cancel`)
  await hold(after, connectionId, false)
  const recovered = await Promise.all(jobs.map((job) => untilRunning(after, job)))
  expect(recovered.map(({ remote }) => remote?.id)).toEqual(created.slice(0, 3).map(({ remote }) => remote?.id))
  expect((await after.api.untilStatus(`/jobs/${canceled.id}`, 'canceled')).remote?.id).toBe(created[3]?.remote?.id)
  expect(new Set(remoteIds())).toEqual(new Set(created.map(({ remote }) => remote?.id)))
  await after.stop()

  // The recovery runs once: after the next start, new jobs are sent immediately.
  const again = await start(backup)
  const next = await untilRunning(again, await submit(again))
  expect(remoteIds()).toHaveLength(6)
  expect(remoteIds()).toContain(next.remote?.id)
  await again.stop()
  await sandbox.close()
  await backup.drop()
  await database.drop()
})
