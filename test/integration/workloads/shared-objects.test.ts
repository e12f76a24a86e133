import { expect, it } from 'vitest'
import type { ApiRecord } from '../../../src/commands/api-client.ts'
import { examineDatabase } from '../../../src/container/container.ts'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import type { Driver } from '../../../src/providers/driver.ts'
import { transition } from '../../../src/workloads/apply/transition.ts'
import { makeAdopt, type Write } from '../../../src/workloads/apply/writes.repository.ts'
import { factsOf } from '../../../src/workloads/engine/facts.ts'
import { type Claimed, makeLeasesRepository } from '../../../src/workloads/engine/leases.repository.ts'
import { useApiBench } from '../../support/api-bench.ts'
import { environmentRequest } from '../../support/dataforest-account.ts'
import { openTransaction } from '../../support/open-transaction.ts'
import { makeWorkspace } from '../../support/remote-environments.ts'
import { quickSettings } from '../../support/switchyard.ts'

const bench = await useApiBench()

/** A valid connection and request per provider. */
const providers = {
  dataforest: {
    settings: (baseUrl: string) => ({ baseUrl, accountId: 'a' }),
    credentials: { accessKey: 'k', secretKey: 's' },
    request: environmentRequest(),
  },
  jupyterhub: {
    settings: (baseUrl: string) => ({ baseUrl, username: 'ada' }),
    credentials: { token: 't' },
    request: { name: 'ws' },
  },
}

/** An environment over a separate connection, with this remote id. */
async function environment(
  name: string,
  { provider, baseUrl, remoteId }: { provider: keyof typeof providers; baseUrl: string; remoteId: string },
) {
  const { settings, credentials, request } = providers[provider]
  const connection: ApiRecord = await bench.api.ok('POST', '/connections', {
    ...{ name, settings: { [provider]: settings(baseUrl) }, credentials: { [provider]: credentials } },
  })
  const { id } = await bench.api.ok('POST', '/environments', { ...request, connectionId: connection.id })
  await bench.open.prisma.$executeRaw`UPDATE workloads SET remote_id = ${remoteId} WHERE id = ${id}`
  return id
}

it('the doctor reports an object held over two connections and no different objects', async () => {
  const here = 'http://127.0.0.1:9'
  const hub = { provider: 'jupyterhub', remoteId: 'ada/same' } as const
  const one = await environment('one', { ...hub, baseUrl: here })
  const other = await environment('other', { ...hub, baseUrl: `${here}/` })
  await environment('elsewhere', { ...hub, baseUrl: 'http://127.0.0.1:10' })
  await environment('apart', { ...hub, baseUrl: here, remoteId: 'ada/another' })
  const workspace = { provider: 'dataforest', remoteId: '6COytUeFj7b8eOhq2L5zL' } as const
  const direct = await environment('direct', { ...workspace, baseUrl: here })
  const proxied = await environment('proxied', { ...workspace, baseUrl: 'http://127.0.0.1:10' })
  const { findings } = await examineDatabase(bench.open)
  const held = findings.filter(({ check }) => check === 'a remote object has one live record')
  expect(held.map(({ detail }) => detail).sort()).toEqual([
    `6COytUeFj7b8eOhq2L5zL is held by ${[direct, proxied].sort().join(', ')}`,
    `ada/same is held by ${[one, other].sort().join(', ')}`,
  ])
})

/** A batch job over a separate connection to this region; without a remote id, with an open attempt. */
async function batchJob(name: string, region: object, remoteId: string | null): Promise<string> {
  const settings = { user: 'u', platformUrl: 'http://127.0.0.1:9', loginUrl: 'http://127.0.0.1:9', ...region }
  const connection: ApiRecord = await bench.api.ok('POST', '/connections', {
    ...{ name, settings: { scnet: settings }, credentials: { scnet: { accessKey: 'k', secretKey: 's' } } },
  })
  const request = { name: 'batch', command: ['true'], queue: 'q', timeLimitSeconds: 60 }
  const { id } = await bench.api.ok('POST', '/jobs', { ...request, connectionId: connection.id })
  if (remoteId !== null) {
    await bench.open.prisma.$executeRaw`UPDATE workloads SET remote_id = ${remoteId} WHERE id = ${id}`
    return id
  }
  await openAttempt(id)
  return id
}

/** Records an attempt with an unknown outcome. */
async function openAttempt(id: string): Promise<void> {
  await bench.open.prisma.$executeRaw`
    INSERT INTO workload_attempts (workload_id, number, correlation_tag, scope, pre_create_snapshot, send_by, absence_conclusive_at, outcome)
    SELECT id, 1, correlation_tag, '{}', '{}', now(), now(), 'unknown' FROM workloads WHERE id = ${id}`
  await bench.open.prisma.$executeRaw`UPDATE workloads SET status = 'dispatching', due_at = NULL WHERE id = ${id}`
}

const east = { clusterId: '11112' }
const resolve = (id: string, remoteId: string) => bench.api.call('POST', `/jobs/${id}/resolve`, { body: { remoteId } })

it('the doctor matches batch jobs by region id or name, not across regions', async () => {
  const one = await batchJob('by id', east, '4711')
  const other = await batchJob('by name', { clusterName: 'East' }, '4711')
  const named = await batchJob('by both', { ...east, clusterName: 'East' }, '4712')
  await batchJob('west', { clusterId: '11113', clusterName: 'West' }, '4712')
  const { findings } = await examineDatabase(bench.open)
  const held = findings.filter(({ detail }) => /^47/.test(detail))
  expect(held).toMatchObject([{ detail: `4711 is held by ${[one, other].sort().join(', ')}` }])
  expect(await resolve(await batchJob('open east', { clusterName: 'East' }, null), '4712')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining(`Object 4712 is ${named} already`) },
  })
  expect(await resolve(await batchJob('open south', { clusterId: '11114' }, null), '4712')).toMatchObject({
    status: 202,
  })
})

it('an object resolves only one of several open creates', async () => {
  const open = await Promise.all(
    ['first', 'second', 'third'].map((name) => batchJob(name, { clusterId: '11115' }, null)),
  )
  const responses = await Promise.all(open.map((id) => resolve(id, '4713')))
  expect(responses.map(({ status }) => status).sort()).toEqual([202, 409, 409])
  const [loser = ''] = open.filter((_, index) => responses[index]?.status === 409)
  const [winner = ''] = open.filter((_, index) => responses[index]?.status === 202)
  expect(await resolve(loser, '4713')).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining(`Object 4713 is ${winner} already`) },
  })
  expect(await resolve(winner, '4713')).toMatchObject({ status: 202 })
  expect(await resolve(loser, '4714')).toMatchObject({ status: 202 })
})

it('an object is not imported while it resolves an open create', async () => {
  const remoteId = await makeWorkspace(bench.sandbox)
  const connectionId = bench.connections.dataforest
  const { id } = await bench.api.ok('POST', '/environments', { ...environmentRequest(), connectionId })
  await openAttempt(id)
  // Locks the row of the record, so that the resolve request waits after its check.
  const other = await openTransaction(bench.open.pool)
  await other.query('SELECT id FROM workloads WHERE id = $1 FOR UPDATE', [id])
  const waiting = async () =>
    (await bench.open.pool.query('SELECT FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()')).rows.length
  const resolved = bench.api.call('POST', `/environments/${id}/resolve`, { body: { remoteId } })
  await expect.poll(waiting).toBe(1)
  let isImportDone = false
  const imported = bench.api.call('POST', '/environments/import', { body: { connectionId, remoteId } }).finally(() => {
    isImportDone = true
  })
  await expect.poll(async () => isImportDone || (await waiting()) === 2).toBe(true)
  await other.query('COMMIT')
  expect((await resolved).status).toBe(202)
  expect(await imported).toMatchObject({
    status: 409,
    body: { detail: expect.stringContaining(`Object ${remoteId} is ${id} already`) },
  })
})

/** The engine's write for an object that a recovery found by its name. */
async function adoption(id: string, remoteId: string): Promise<Write> {
  await bench.open.prisma.$executeRaw`UPDATE workloads SET due_at = now() WHERE id = ${id}`
  const leases = makeLeasesRepository(bench.open.sql, 60_000)
  const due = await leases.claim([{ connectionId: bench.connections.dataforest ?? '', count: 1000 }])
  const claimed = due.find(({ workload }) => workload.id === id) as Claimed<'environment'>
  const known = (await leases.facts([id])).get(id)
  if (known === undefined) throw new Error(`${id} does not exist`)
  const driver = { traits: {}, states: {}, controls: {} } as unknown as Driver<'environment'>
  const facts = factsOf(known, claimed.workload, driver, quickSettings.pollIntervals)
  const answer = { number: 1, outcome: 'recovered' as const, remoteId, error: null, isUntagged: true }
  const change = { remoteId, status: 'running' as const, dueAt: null }
  return transition(
    environmentKind,
    claimed.workload,
    { change, attemptResult: answer },
    { facts, basis: claimed },
  ) as unknown as Write
}

it('a recovery adopts an untagged object unless it was imported since', async () => {
  const { prisma } = bench.open
  const adopt = makeAdopt({ prisma, idSpaceOf: async (id) => ({ name: id, connectionIds: [id] }) })
  const connectionId = bench.connections.dataforest
  const objects = [await makeWorkspace(bench.sandbox), await makeWorkspace(bench.sandbox)] as const
  const open: { id: string; remoteId: string; write: Write }[] = []
  for (const remoteId of objects) {
    const { id } = await bench.api.ok('POST', '/environments', { ...environmentRequest(), connectionId })
    await openAttempt(id)
    open.push({ id, remoteId, write: await adoption(id, remoteId) })
  }
  await bench.api.ok('POST', '/environments/import', { connectionId, remoteId: objects[0] })
  const written = await Promise.all(open.map(({ write, remoteId }) => adopt(write, remoteId)))
  expect(written.map(({ isWritten }) => isWritten)).toEqual([false, true])
  const attempts = await prisma.$queryRaw`
    SELECT remote_id AS "remoteId", outcome FROM workload_attempts WHERE workload_id = ANY(${open.map(({ id }) => id)}) ORDER BY 1 NULLS FIRST`
  expect(attempts).toEqual([
    { remoteId: null, outcome: 'unknown' },
    { remoteId: objects[1], outcome: 'recovered' },
  ])
})
