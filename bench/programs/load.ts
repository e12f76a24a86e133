import { randomUUID } from 'node:crypto'
import autocannon from 'autocannon'

// Load generator in a separate process: receives a message with the load, returns the result.

export interface Load {
  url: string
  /** A second service that receives half of the connections. */
  secondUrl?: string
  /** Default `/jobs`. */
  path?: string
  connections: number
  /** Duration; or, with `amount`, the number of requests. */
  seconds?: number
  amount?: number
  authorization: string
}

export interface LoadResult {
  accepted: number
  failed: number
  seconds: number
  /** With two services, those of the slower one. */
  p50Ms: number
  p99Ms: number
}

process.once('disconnect', () => process.exit(0))
process.on('message', (load: Load) => void run(load).then((result) => process.send?.(result)))
process.send?.({})

async function run({ secondUrl, ...load }: Load): Promise<LoadResult> {
  if (secondUrl === undefined) return send(load)
  const half = { ...load, connections: load.connections / 2 }
  const [one, two] = await Promise.all([send(half), send({ ...half, url: secondUrl })])
  return {
    accepted: one.accepted + two.accepted,
    failed: one.failed + two.failed,
    seconds: Math.max(one.seconds, two.seconds),
    p50Ms: Math.max(one.p50Ms, two.p50Ms),
    p99Ms: Math.max(one.p99Ms, two.p99Ms),
  }
}

async function send(load: Omit<Load, 'secondUrl'>): Promise<LoadResult> {
  const { url, path = '/jobs', connections, seconds, amount, authorization } = load
  let sent = 0
  const prepareNext = (client: autocannon.Client) => {
    sent += 1
    const headers = { 'content-type': 'application/json', authorization, 'idempotency-key': randomUUID() }
    client.setHeadersAndBody(headers, JSON.stringify(jobOf(sent)))
  }
  const result = await autocannon({
    url: url + path,
    method: 'POST',
    connections,
    ...(amount === undefined ? {} : { amount }),
    ...(seconds === undefined ? {} : { duration: seconds }),
    setupClient(client) {
      prepareNext(client)
      client.on('response', () => prepareNext(client))
    },
  })
  return {
    accepted: result['2xx'],
    failed: result.non2xx + result.errors,
    seconds: result.duration,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  }
}

function jobOf(number: number): object {
  return {
    provider: 'slurm',
    name: `job-${number}`,
    script: '#!/bin/sh\nsleep 3600\n',
    resources: { cpus: 1, memoryMiB: 1024 },
    labels: { team: 'bench', run: 'a' },
  }
}
