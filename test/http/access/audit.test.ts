import { Client } from 'pg'
import { expect, it } from 'vitest'
import { startTwoInstances } from './start-two.ts'

const two = startTwoInstances()

it('tells who did what, of which object, from where, newest first', async () => {
  const writer = await two.admin.ok('POST', '/api-keys', {
    name: 'writer',
    scopes: ['environments:write', 'connections:manage'],
  })
  const caller = two.as(writer.key)
  const connection = await caller.ok('POST', '/connections', {
    name: 'cluster',
    settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
    credentials: { dataforest: { accessKey: 'canary-access', secretKey: 'canary-secret' } },
  })
  const body = { connectionId: connection.id, name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
  const made = await caller.call('POST', '/environments', { body, headers: { 'x-request-id': 'try-17' } })
  await caller.ok('PATCH', `/environments/${made.body.id}`, { labels: { team: 'red' } })
  await caller.ok('DELETE', `/environments/${made.body.id}`)
  expect((await caller.call('GET', '/jobs')).status).toBe(403)

  const { data } = await two.admin.ok('GET', `/audit?subject=${writer.id}`)
  expect(data.map(({ action, objectId, outcome }: Record<string, string>) => [action, objectId, outcome])).toEqual([
    ['request.refused', undefined, 'refused'],
    ['environment.delete_requested', made.body.id, 'done'],
    ['environment.updated', made.body.id, 'done'],
    ['environment.submitted', made.body.id, 'done'],
    ['connection.created', connection.id, 'done'],
  ])
  expect(data[3]).toMatchObject({
    requestId: 'try-17',
    address: '127.0.0.1',
    projectId: connection.projectId ?? data[3].projectId,
  })
  expect(JSON.stringify(data)).not.toContain('canary')
})

it('is read page by page, and by object', async () => {
  const project = await two.admin.ok('POST', '/projects', { name: 'paged' })
  for (const quota of [{ connections: 1 }, { connections: 2 }, {}])
    await two.admin.ok('PATCH', `/projects/${project.id}`, { quota })
  const path = `/audit?objectId=${project.id}&limit=3`
  const first = await two.admin.ok('GET', path)
  const rest = await two.otherAdmin.ok('GET', `${path}&cursor=${first.nextCursor}`)
  expect([...first.data, ...rest.data].map(({ action }: { action: string }) => action)).toEqual([
    ...['project.updated', 'project.updated', 'project.updated', 'project.created'],
  ])
})

it('cannot be changed, not even in the database', async () => {
  const sql = new Client({ connectionString: two.databaseUrl })
  await sql.connect()
  for (const statement of ["UPDATE audit SET subject = 'nobody'", 'DELETE FROM audit', 'TRUNCATE audit'])
    await expect(sql.query(statement)).rejects.toThrow('append-only')
  await sql.end()
})

it('says nothing of a change that was refused by its own rules', async () => {
  await two.admin.ok('POST', '/projects', { name: 'once' })
  expect((await two.admin.call('POST', '/projects', { body: { name: 'once' } })).status).toBe(409)
  const { data } = await two.admin.ok('GET', '/audit?action=project.created')
  expect(data.filter(({ data: told }: { data: { name: string } }) => told.name === 'once')).toHaveLength(1)
})
