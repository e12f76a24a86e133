import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { Random } from '../../src/sandbox/random.ts'
import type { Client } from './client.ts'
import type { FeedEvent } from './follower.ts'

/** A webhook endpoint for all events of the project, registered before the first request; it fails sometimes. */
export interface Receiver {
  /** Accepted events, once each. */
  received(): readonly FeedEvent[]
  /** Number of messages with an invalid signature. */
  readonly forged: number
  /** Accepts all further messages. */
  stopFailing(): void
  /** Resolves after `count` events or `limitMs`. */
  waitForEvents(count: number, limitMs: number): Promise<void>
  close(): Promise<void>
}

/** Fraction of messages that fail. */
const failureRate = 0.2
/** Longer than the sender's timeout. */
const stallMs = 4000

/** Failures after the message was read and verified; each leads to a retry. */
const failures: readonly ((response: ServerResponse) => unknown)[] = [
  (response) => response.writeHead(500).end('no'),
  (response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
  (response) => response.destroy(),
  (response) => sleep(stallMs).then(() => response.destroy()),
]

export async function startReceiver(client: Client, random: Random): Promise<Receiver> {
  const received = new Map<string, FeedEvent>()
  let isHealthy = false
  let forged = 0
  let webhook: Webhook | null = null

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const event = verified(webhook, body, request)
    if (event === null) {
      forged += 1
      response.writeHead(400).end()
      return
    }
    if (!isHealthy && random.next() < failureRate) {
      failures[random.below(failures.length)]?.(response)
      return
    }
    received.set(String(request.headers['webhook-id']), event)
    response.writeHead(204).end()
  }

  const server = createServer((request, response) => void receive(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const { status, body } = await client.call('POST', '/webhook-endpoints', { body: { url } })
  if (status !== 201) throw new Error(`a webhook endpoint was rejected: ${body.detail}`)
  webhook = new Webhook(String(body.secret))
  return {
    received: () => [...received.values()],
    get forged() {
      return forged
    },
    stopFailing() {
      isHealthy = true
    },
    async waitForEvents(count, limitMs) {
      const untilMs = performance.now() + limitMs
      while (received.size < count && performance.now() < untilMs) await sleep(100)
    },
    async close() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function verified(webhook: Webhook | null, body: string, { headers }: IncomingMessage): FeedEvent | null {
  try {
    return (webhook?.verify(body, headers as Record<string, string>) as { data: FeedEvent } | undefined)?.data ?? null
  } catch {
    return null
  }
}
