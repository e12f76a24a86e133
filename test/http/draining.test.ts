import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { expectProblem } from '../support/problems.ts'
import { startSwitchyard, testApiKey, useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })

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

/** Everything that comes over a socket, once it is closed. */
async function received(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

it('finishes requests whose headers have arrived, and waits for no others', async () => {
  const own = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
  const url = new URL(own.service.url ?? '')
  const open = async (sent: string) => {
    const socket = connect(Number(url.port), url.hostname)
    await once(socket, 'connect')
    if (sent !== '') socket.write(sent)
    return { socket, answer: received(socket) }
  }
  const body = JSON.stringify({ name: 'half-sent' })
  const headers = [
    ...['POST /projects HTTP/1.1', 'Host: a', `Authorization: Bearer ${testApiKey}`, 'Content-Type: application/json'],
    `Content-Length: ${body.length}`,
  ].join('\r\n')
  const [silent, begun, halfSent] = await Promise.all([
    open(''),
    open('GET /livez HTTP/1.1\r\nHos'),
    open(`${headers}\r\n\r\n${body.slice(0, 5)}`),
  ])
  // Answered after the server has read what came before.
  await fetch(`${url.href}livez`)
  const stopped = own.service.stop()
  // Until its timeout, at which it would be told so.
  expect([await silent.answer, await begun.answer]).toEqual(['', ''])
  halfSent.socket.write(body.slice(5))
  expect(await halfSent.answer).toMatch(/^HTTP\/1\.1 201 /)
  await stopped
})

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
