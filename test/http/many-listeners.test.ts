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

// Connections take it for their own when they are made.
const sent = vi.spyOn(Client.prototype, 'query')

const bench = await useApiBench({ settings: { waiting: { maxSeconds: 60, perCaller: 1000 } } })

afterAll(async () => {
  agent.destroy()
  sent.mockRestore()
})

const request = async (path: string, headers: Record<string, string> = {}): Promise<IncomingMessage> => {
  const sent = open(bench.url + path, { agent, headers: { authorization: `Bearer ${testApiKey}`, ...headers } })
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

/** So many of one kind that listen to the same environment. */
type Listen = (
  environment: ApiRecord,
  count: number,
) => Promise<{
  /** Before each change. */
  ready(version: number): Promise<void>
  untilTold(times: number): Promise<void>
}>

/** Streams that have begun. */
function streamsOf(pathOf: (environment: ApiRecord) => string): Listen {
  return async (environment, count) => {
    const told = await Promise.all(
      Array.from({ length: count }, async () => {
        const response = await request(pathOf(environment))
        const heard = { messages: 0 }
        response.setEncoding('utf8').on('data', (text: string) => {
          heard.messages += text.split('"type":"environment.updated"').length - 1
        })
        await once(response, 'data')
        return heard
      }),
    )
    return {
      // Each reads once more when it has told what it began with.
      ready: untilQuiet,
      untilTold: async (times) =>
        void (await vi.waitUntil(() => told.every(({ messages }) => messages >= times), { timeout: 30_000 })),
    }
  }
}

/** Requests that wait for the next change. */
const waits: Listen = async ({ id }, count) => {
  let answers: Promise<IncomingMessage>[] = []
  return {
    async ready(version) {
      const headers = { prefer: 'wait=60', 'if-none-match': `"${version}"` }
      let arrived = 0
      const countArrival = () => (arrived += 1)
      subscribe('http.server.request.start', countArrival)
      answers = Array.from({ length: count }, () => request(`/environments/${id}`, headers))
      await vi.waitUntil(() => arrived >= count, { timeout: 30_000 })
      unsubscribe('http.server.request.start', countArrival)
      await untilQuiet()
    },
    async untilTold() {
      for (const answer of await Promise.all(answers)) {
        expect(answer.statusCode).toBe(200)
        answer.resume()
      }
    },
  }
}

/** Once nothing is read any more but what is looked at by the clock. */
async function untilQuiet(): Promise<void> {
  for (let before = -1; before !== sent.mock.calls.length; ) {
    before = sent.mock.calls.length
    await sleep(200)
  }
}

/** Statements that the service sends until each of so many listeners was told of three changes. */
async function statementsFor(listen: Listen, count: number): Promise<number> {
  const connectionId = bench.connections.dataforest
  const environment: ApiRecord = await bench.api.ok('POST', '/environments', environmentRequest({ connectionId }))
  const listeners = await listen(environment, count)
  let statements = 0
  for (let times = 1; times <= 3; times += 1) {
    await listeners.ready(times)
    const before = sent.mock.calls.length
    await bench.api.ok('PATCH', `/environments/${environment.id}`, { labels: { value: String(times) } })
    await listeners.untilTold(times)
    statements += sent.mock.calls.length - before
  }
  return statements
}

describe('what a change costs the database', () => {
  it.each([
    ["streams of the project's events", streamsOf(() => '/events/stream')],
    ['streams of the record', streamsOf(({ id }) => `/environments/${id}/events/stream?after=1`)],
    ['requests that wait', waits],
  ])('does not depend on how many listen: %s', { timeout: 60_000 }, async (_, listen) => {
    const few = await statementsFor(listen, 5)
    const many = await statementsFor(listen, 150)
    // On a slow machine it takes longer, and more is looked at by the clock meanwhile.
    expect(many).toBeLessThan(few + 40)
  })
})
