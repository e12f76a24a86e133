import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../medians.ts'

// Webhook receivers, each with a separate origin, in one process. A message sets how each responds and returns their
// URLs; `report` returns the results so far.

/** `quick` responds immediately, `slow` after a second, `silent` never. */
export type ReceiverSpeed = 'quick' | 'slow' | 'silent'

/** `release` aborts open requests; `time` measures latency from now on. */
export type ReceiverMessage = { open: readonly ReceiverSpeed[] } | { report: true } | { release: true } | { time: true }

/** Totals of the quick receivers. */
export interface Report {
  /** Accepted messages, each counted once. */
  messages: number
  duplicates: number
  /** From the timestamp of a message, that of its event's transaction, to the response. */
  p50Ms: number
  p99Ms: number
  /** Maximum number of simultaneously open connections, of all receivers. */
  maxSockets: number
}

const slowMs = 1000
const seen = new Set<string>()
const unanswered: ServerResponse[] = []
const sockets = new Set<Socket>()
const lags: number[] = []
let timedFrom = 0
let duplicates = 0
let maxSockets = 0

process.once('disconnect', () => process.exit(0))
process.on('message', async (message: ReceiverMessage) => {
  if ('time' in message) timedFrom = lags.length
  if ('release' in message) for (const response of unanswered) response.destroy()
  process.send?.('open' in message ? await Promise.all(message.open.map(open)) : report())
})
process.send?.({})

async function open(speed: ReceiverSpeed, index: number): Promise<string> {
  const server = createServer(
    (request, response) => void respond(request, response, { speed, index }).catch(() => response.destroy()),
  )
  server.on('connection', (socket) => {
    sockets.add(socket)
    maxSockets = Math.max(maxSockets, sockets.size)
    socket.once('close', () => sockets.delete(socket))
  })
  server.keepAliveTimeout = 60_000
  await once(server.listen(0, '127.0.0.1'), 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
}

async function respond(
  request: IncomingMessage,
  response: ServerResponse,
  { speed, index }: { speed: ReceiverSpeed; index: number },
): Promise<void> {
  const { timestamp } = (await json(request)) as { timestamp: string }
  if (speed === 'silent') {
    unanswered.push(response)
    return
  }
  if (speed === 'slow') await sleep(slowMs)
  response.writeHead(204).end()
  if (speed === 'quick') note(`${index} ${request.headers['webhook-id']}`, Date.now() - Date.parse(timestamp))
}

function note(delivery: string, lagMs: number): void {
  if (seen.has(delivery)) duplicates += 1
  seen.add(delivery)
  lags.push(lagMs)
}

function report(): Report {
  const counts = { messages: lags.length - duplicates, duplicates, maxSockets }
  const timed = lags.slice(timedFrom)
  return { ...counts, p50Ms: percentile(timed, 0.5), p99Ms: percentile(timed, 0.99) }
}
