import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sandboxConnections } from '../../src/commands/sandbox-connections.ts'
import { makeLogger } from '../../src/infra/logger.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'

/** Injection attempts for headers, log lines and terminals. */
const hostile = [
  'a\r\nx-planted: 1',
  'a\r\n\r\nGET /planted HTTP/1.1\r\nx-planted: 1\r\n\r\n',
  '\u001b[2J\u001b[31mplanted',
  '"},"level":60,"msg":"planted"}\n{"level":60,"msg":"planted"}',
]

const lines: string[] = []
/** All requests that servers of this process received: the service and the emulated providers. */
const received: IncomingMessage[] = []
const onRequest = (message: unknown) => void received.push((message as { request: IncomingMessage }).request)
let bench: ApiBench

beforeAll(async () => {
  subscribe('http.server.request.start', onRequest)
  const destination = { write: (line: string) => void lines.push(line) }
  bench = await startApiBench({ role: 'all', logger: makeLogger({ level: 'trace', destination, pretty: false }) })
})

afterAll(async () => {
  unsubscribe('http.server.request.start', onRequest)
  await bench?.stop()
})

/** Copies of the body with the text in each free-text field. */
const variantsOf = (body: object, text: string): object[] => [
  ...['name', 'queue', 'image', 'description', 'workingDirectory'].map((field) => ({ ...body, [field]: text })),
  { ...body, command: [text], script: undefined },
  { ...body, labels: { planted: text } },
  { ...body, labels: { [text]: 'planted' } },
  { ...body, variables: { PLANTED: text } },
]

it('requests with injected text are accepted or rejected, never fail', async () => {
  const { api, connections } = bench
  const workspace = { name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'] }
  const requests: readonly [string, object][] = [
    ['/environments', { connectionId: connections.dataforest, ...workspace }],
    ['/jobs', { connectionId: connections.slurm, name: 'batch', script: 'true' }],
    ['/jobs', { connectionId: connections.scnet, name: 'hpc', script: 'true' }],
  ]
  const accepted: string[] = []
  for (const [path, valid] of requests)
    for (const body of hostile.flatMap((text) => variantsOf(valid, text))) {
      const response = await api.call('POST', path, { body })
      expect([202, 400, 422], JSON.stringify(response.body)).toContain(response.status)
      if (response.status === 202) accepted.push(`${path}/${response.body.id}`)
    }
  expect(accepted.length).toBeGreaterThan(10)
  const isDispatched = ({ status }: { status: string }) => !['queued', 'dispatching', 'creating'].includes(status)
  await Promise.all(accepted.map((path) => api.until(path, isDispatched)))
})

it('injected text is rejected as a credential', async () => {
  for (const connection of sandboxConnections(bench.sandbox))
    for (const text of hostile) {
      const [[provider, given] = ['', {}]] = Object.entries<object>(connection.credentials)
      const credentials = { [provider]: Object.fromEntries(Object.keys(given).map((name) => [name, text])) }
      const body = { ...connection, name: 'planted', credentials }
      expect((await bench.api.call('POST', '/connections', { body })).status, provider).toBe(400)
    }
})

it('no server received an injected header or request', () => {
  expect(received.length).toBeGreaterThan(100)
  for (const { url, rawHeaders } of received) {
    expect(url).not.toMatch(/^\/planted/)
    expect(rawHeaders.join()).not.toContain('planted')
  }
})

it('no log line is split or forged', () => {
  expect(lines.length).toBeGreaterThan(100)
  for (const line of lines) {
    expect(line.slice(0, -1)).not.toMatch(/\p{Cc}/u)
    expect(JSON.parse(line)).not.toMatchObject({ msg: 'planted' })
  }
})
