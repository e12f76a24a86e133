import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import type { Random } from '../../src/sandbox/random.ts'
import type { Client } from './client.ts'
import type { FeedEvent } from './follower.ts'

/** A webhook endpoint for every event of the project, registered before the first request; it fails now and then. */
export interface Receiver {
  /** The events whose message it has taken, once each. */
  taken(): readonly FeedEvent[]
  /** Messages whose signature was not good. */
  readonly forged: number
  /** Fails no more. */
  recover(): void
  /** Once it has taken so many events, or `limitMs` have passed. */
  untilTaken(count: number, limitMs: number): Promise<void>
  close(): Promise<void>
}

/** Of what it gets it fails for so much. */
const failurePart = 0.2
/** Longer than a sender waits. */
const stallMs = 4000

/** How it fails: the message has been read and verified by then, so each of these leads to a repetition. */
const failures: readonly ((response: ServerResponse) => unknown)[] = [
  (response) => response.writeHead(500).end('no'),
  (response) => response.writeHead(503, { 'retry-after': '1' }).end(),
  (response) => response.writeHead(302, { location: '/elsewhere' }).end(),
  (response) => response.destroy(),
  (response) => sleep(stallMs).then(() => response.destroy()),
]

export async function startReceiver(client: Client, random: Random): Promise<Receiver> {
  const taken = new Map<string, FeedEvent>()
  let isWell = false
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
    if (!isWell && random.next() < failurePart) {
      failures[random.below(failures.length)]?.(response)
      return
    }
    taken.set(String(request.headers['webhook-id']), event)
    response.writeHead(204).end()
  }

  const server = createServer((request, response) => void receive(request, response).catch(() => response.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const { status, body } = await client.call('POST', '/webhook-endpoints', { body: { url } })
  if (status !== 201) throw new Error(`a webhook endpoint was refused: ${body.detail}`)
  webhook = new Webhook(String(body.secret))
  return {
    taken: () => [...taken.values()],
    get forged() {
      return forged
    },
    recover() {
      isWell = true
    },
    async untilTaken(count, limitMs) {
      const untilMs = performance.now() + limitMs
      while (taken.size < count && performance.now() < untilMs) await sleep(100)
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
