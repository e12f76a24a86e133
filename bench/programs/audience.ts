import { Agent, get, type IncomingMessage } from 'node:http'
import { percentile } from '../medians.ts'

// Clients in a separate process: streams of a project's events, and long polls of one job each.

/** Opens all requests; a response is sent when every stream has started. */
export interface Audience {
  url: string
  authorization: string
  listeners: number
  /** Jobs to long-poll repeatedly. */
  jobs: readonly string[]
}

/** Results since the previous message. */
export interface Received {
  /** Events, counted per listener. */
  messages: number
  /** Messages out of sequence: an event was missed or duplicated. */
  misplaced: number
  /** Ended streams, and long polls without a job in the response. */
  broken: number
  p50Ms: number
  p99Ms: number
  /** Long polls that returned a change. */
  answers: number
  waitP50Ms: number
  waitP99Ms: number
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
let eventMs: number[] = []
let pollMs: number[] = []
let misplaced = 0
let broken = 0

process.once('disconnect', () => process.exit(0))
process.on('message', (message: Audience | 'report') => {
  if (message === 'report') process.send?.(report())
  else void open(message).then(() => process.send?.({}))
})
process.send?.({})

async function open({ url, authorization, listeners, jobs }: Audience): Promise<void> {
  const headers = { authorization }
  for (let count = 0; count < listeners; count++) await listen(`${url}/events/stream`, headers)
  for (const id of jobs) waitFor(`${url}/jobs/${id}`, headers).catch(() => (broken += 1))
}

function report(): Received {
  const received = {
    ...{ messages: eventMs.length, misplaced, broken, answers: pollMs.length },
    ...{ p50Ms: percentile(eventMs, 0.5), p99Ms: percentile(eventMs, 0.99) },
    ...{ waitP50Ms: percentile(pollMs, 0.5), waitP99Ms: percentile(pollMs, 0.99) },
  }
  eventMs = []
  pollMs = []
  return received
}

/** `number` and `sentAtMicros` of each event; all processes of a machine share one monotonic clock. */
const stamp = /"number":(\d+),"sentAtMicros":(\d+)/g
const sinceMs = (micros: number) => (Number(process.hrtime.bigint() / 1000n) - micros) / 1000

/** Resolves when the first text of the stream arrives. */
async function listen(url: string, headers: Record<string, string>): Promise<void> {
  const response = await request(url, headers, false)
  let rest = ''
  let next: number | undefined
  response.on('close', () => (broken += 1))
  response.setEncoding('latin1').on('data', (text: string) => {
    const seen = rest + text
    const complete = seen.lastIndexOf('\n\n') + 2
    rest = complete === 1 ? seen : seen.slice(complete)
    for (const [, number, sentAt] of seen.slice(0, complete === 1 ? 0 : complete).matchAll(stamp)) {
      if (next !== undefined && Number(number) !== next) misplaced += 1
      next = Number(number) + 1
      eventMs.push(sinceMs(Number(sentAt)))
    }
  })
}

async function waitFor(url: string, headers: Record<string, string>): Promise<void> {
  let etag: string | undefined
  do {
    const waiting = etag === undefined ? {} : { prefer: 'wait=60', 'if-none-match': etag }
    const response = await request(url, { ...headers, ...waiting }, agent)
    let text = ''
    for await (const chunk of response.setEncoding('utf8')) text += chunk
    const sentAt = /"statusMessage":"(\d+)"/.exec(text)?.[1]
    if (etag !== undefined && sentAt !== undefined) pollMs.push(sinceMs(Number(sentAt)))
    etag = response.headers.etag
  } while (etag !== undefined)
  throw new Error(`GET ${url} has no ETag.`)
}

function request(url: string, headers: Record<string, string>, over: Agent | false): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { headers, agent: over }, resolve).on('error', reject))
}
