import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { expectProblem } from '../support/problems.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

let database: TestDatabase
let switchyard: Switchyard

beforeAll(async () => {
  database = await createTestDatabase()
  switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
})

afterAll(async () => {
  await switchyard?.stop()
  await database?.drop()
})

/** A connection that was used once and is kept, as a proxy keeps it. */
async function kept(url: URL): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname).setEncoding('utf8')
  expect(await ask(socket)).toMatch(/^HTTP\/1\.1 200 /)
  return socket
}

async function ask(socket: Socket): Promise<string> {
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
  const [answer] = await once(socket, 'data')
  return String(answer)
}

it('turns proxies away before it listens no more, and closes idle connections last', async () => {
  const url = new URL(switchyard.service.url ?? '')
  const [used, idle] = await Promise.all([kept(url), kept(url)])
  const idleClosed = once(idle, 'close')
  const stopped = switchyard.service.stop(1500)

  const ready = await fetch(`${url.href}readyz`)
  expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close'])
  const problem = await ready.json()
  expectProblem(ready, problem)
  expect(problem).toMatchObject({ retryable: true, detail: expect.stringContaining('another instance') })
  const { status, headers } = await switchyard.api.call('POST', '/projects', { body: { name: 'while-draining' } })
  expect([status, headers.get('connection')]).toEqual([201, 'close'])
  expect((await switchyard.api.call('GET', '/nothing')).headers.get('connection')).toBe('close')
  const usedClosed = once(used, 'close')
  expect(await ask(used)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n/i)
  await usedClosed

  await idleClosed
  const [refused] = await once(connect(Number(url.port), url.hostname), 'error')
  expect(refused).toMatchObject({ code: 'ECONNREFUSED' })
  await stopped
})
