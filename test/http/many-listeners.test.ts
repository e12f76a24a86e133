import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { Agent, type IncomingMessage, get as open } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import { afterAll, describe, expect, it, vi } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest } from '../support/dataforest-account.ts'
import { testApiKey } from '../support/switchyard.ts'

const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY })

// Installed before the pool, whose connections bind the method.
const querySpy = vi.spyOn(Client.prototype, 'query')

const bench = await useApiBench({ settings: { waiting: { maxSeconds: 60, perCaller: 1000 } } })

afterAll(async () => {
  agent.destroy()
  querySpy.mockRestore()
})

const request = async (path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> => {
  const sent = open(bench.url + path, { agent, headers: { authorization: `Bearer ${testApiKey}`, ...headers } })
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

/** Opens `count` listeners to the same environment. */
type Listen = (
  environment: ApiRecord,
  count: number,
) => Promise<{
  /** Before each change. */
  ready(version: number): Promise<void>
  untilNotified(times: number): Promise<void>
}>

/** Opens event streams. */
function streamsOf(pathOf: (environment: ApiRecord) => string): Listen {
  return async (environment, count) => {
    const listeners = await Promise.all(
      Array.from({ length: count }, async () => {
        const response = await request(pathOf(environment))
        const received = { messages: 0 }
        response.setEncoding('utf8').on('data', (text: string) => {
          received.messages += text.split('"type":"environment.updated"').length - 1
        })
        await once(response, 'data')
        return received
      }),
    )
    return {
      // Each stream reads once more after its initial events.
      ready: untilQuiet,
      untilNotified: async (times) =>
        void (await vi.waitUntil(() => listeners.every(({ messages }) => messages >= times), { timeout: 30_000 })),
    }
  }
}

/** Opens long-polling requests. */
const longPolls: Listen = async ({ id }, count) => {
  let responses: Promise<IncomingMessage>[] = []
  return {
    async ready(version) {
      const headers = { prefer: 'wait=60', 'if-none-match': `"${version}"` }
      let arrived = 0
      const countArrival = () => (arrived += 1)
      subscribe('http.server.request.start', countArrival)
      responses = Array.from({ length: count }, () => request(`/environments/${id}`, headers))
      await vi.waitUntil(() => arrived >= count, { timeout: 30_000 })
      unsubscribe('http.server.request.start', countArrival)
      await untilQuiet()
    },
    async untilNotified() {
      for (const response of await Promise.all(responses)) {
        expect(response.statusCode).toBe(200)
        response.resume()
      }
    },
  }
}

/** Waits until only periodic queries are sent. */
async function untilQuiet(): Promise<void> {
  for (let before = -1; before !== querySpy.mock.calls.length; ) {
    before = querySpy.mock.calls.length
    await sleep(200)
  }
}

/** Number of statements until all listeners have received three changes. */
async function statementsFor(listen: Listen, count: number): Promise<number> {
  const connectionId = bench.connections.dataforest
  const environment: ApiRecord = await bench.api.ok('POST', '/environments', environmentRequest({ connectionId }))
  const listeners = await listen(environment, count)
  let statements = 0
  for (let times = 1; times <= 3; times += 1) {
    await listeners.ready(times)
    const before = querySpy.mock.calls.length
    await bench.api.ok('PATCH', `/environments/${environment.id}`, { labels: { value: String(times) } })
    await listeners.untilNotified(times)
    statements += querySpy.mock.calls.length - before
  }
  return statements
}

describe('the number of statements per change', () => {
  it.each([
    ["streams of the project's events", streamsOf(() => '/events/stream')],
    ['streams of the record', streamsOf(({ id }) => `/environments/${id}/events/stream?after=1`)],
    ['long-polling requests', longPolls],
  ])('does not depend on the number of %s', async (_, listen) => {
    const few = await statementsFor(listen, 5)
    const many = await statementsFor(listen, 150)
    // A slow machine sends more periodic queries meanwhile.
    expect(many).toBeLessThan(few + 40)
  })
})
