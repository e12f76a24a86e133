import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it } from 'vitest'
import { expectProblem } from '../support/problems.ts'
import { startSwitchyard, testApiKey, useSwitchyard } from '../support/switchyard.ts'
import { useTestDatabase } from '../support/test-database.ts'

const database = await useTestDatabase()
const switchyard = await useSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })

/** A keep-alive connection after one request, as a proxy has it. */
async function openKeepAlive(url: URL): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname).setEncoding('utf8')
  expect(await requestLivez(socket)).toMatch(/^HTTP\/1\.1 200 /)
  return socket
}

async function requestLivez(socket: Socket): Promise<string> {
  socket.write('GET /livez HTTP/1.1\r\nHost: a\r\n\r\n')
  const [data] = await once(socket, 'data')
  return String(data)
}

/** All text received until the socket closes. */
async function readAll(socket: Socket): Promise<string> {
  let text = ''
  socket.setEncoding('utf8').on('data', (chunk) => {
    text += chunk
  })
  await once(socket, 'close')
  return text
}

it('shutdown completes requests with complete headers and drops the others', async () => {
  const instance = await startSwitchyard({ databaseUrl: database.url, redis: null, role: 'api' })
  const url = new URL(instance.service.url ?? '')
  const open = async (sent: string) => {
    const socket = connect(Number(url.port), url.hostname)
    await once(socket, 'connect')
    if (sent !== '') socket.write(sent)
    return { socket, response: readAll(socket) }
  }
  const body = JSON.stringify({ name: 'half-sent' })
  const headers = [
    ...['POST /projects HTTP/1.1', 'Host: a', `Authorization: Bearer ${testApiKey}`, 'Content-Type: application/json'],
    `Content-Length: ${body.length}`,
  ].join('\r\n')
  const [idle, partialHeaders, partialBody] = await Promise.all([
    open(''),
    open('GET /livez HTTP/1.1\r\nHos'),
    open(`${headers}\r\n\r\n${body.slice(0, 5)}`),
  ])
  // The server handles this after the bytes it received before.
  await fetch(`${url.href}livez`)
  const stopped = instance.service.stop()
  // Closed before the request timeout, which would return 408.
  expect([await idle.response, await partialHeaders.response]).toEqual(['', ''])
  partialBody.socket.write(body.slice(5))
  expect(await partialBody.response).toMatch(/^HTTP\/1\.1 201 /)
  await stopped
})

it('draining closes connections after their next response and idle ones last', async () => {
  const url = new URL(switchyard.service.url ?? '')
  const [used, idle] = await Promise.all([openKeepAlive(url), openKeepAlive(url)])
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
  expect(await requestLivez(used)).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\nconnection: close\r\n/i)
  await usedClosed

  await idleClosed
  const [rejected] = await once(connect(Number(url.port), url.hostname), 'error')
  expect(rejected).toMatchObject({ code: 'ECONNREFUSED' })
  await stopped
})
