import { randomUUID } from 'node:crypto'
import autocannon from 'autocannon'

// Load generator in a separate process: receives a message with the load, returns the result.

export interface Load {
  url: string
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
  p50Ms: number
  p99Ms: number
}

process.once('disconnect', () => process.exit(0))
process.on('message', (load: Load) => void run(load).then((result) => process.send?.(result)))
process.send?.({})

async function run({ url, path = '/jobs', connections, seconds, amount, authorization }: Load): Promise<LoadResult> {
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
