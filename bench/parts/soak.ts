import { setTimeout as sleep } from 'node:timers/promises'
import { EventSource } from 'eventsource'
import type { Figures } from '../figures.ts'
import { percentile } from '../medians.ts'
import type { Part } from '../part.ts'
import { type Program, startProgram } from '../program.ts'
import type { Report } from '../programs/receiver.ts'
import { type Service, startService } from '../services.ts'
import type { SandboxProgram, Stack } from '../stack.ts'
import { makeTenants, post, removeTenants, type Tenant } from '../tenants.ts'
import { rssMiB } from '../usage.ts'

const jobsPerSecond = 20
const listeners = 3
const minuteMs = 60_000
const timeoutMs = 60_000

/**
 * Detects memory growth: a steady load of jobs of one second, for minutes, with event streams and a webhook. No data
 * reaches its retention time.
 */
export const soak: Part = {
  name: 'soak',
  unit: 'job',
  onRequest: true,
  async run(stack, { minutes }) {
    await stack.clear()
    // A finished job is listed for a minute, so that list pages have the same size after the warm-up and at the end.
    const sandbox: SandboxProgram = await startProgram(new URL('../programs/sandbox.ts', import.meta.url), {
      SLURM: JSON.stringify({ minJobAgeMs: minuteMs }),
    })
    const [api, worker] = [await start(stack, 'api'), await start(stack, 'worker')]
    const [tenant] = await makeTenants(stack, api, [sandbox.ready.urls.slurm])
    if (tenant === undefined) throw new Error('There is no project.')
    const scene = { stack, api, worker, tenant, minutes, audience: await gather(api, tenant) }
    const measured = await measure(scene)
    scene.audience.leave()
    await Promise.all([api.stop(), worker.stop(), sandbox.stop(), scene.audience.receiver.stop()])
    await removeTenants(stack, [tenant])
    return { switchyard: measured }
  },
}

/** Starts a service with an event loop monitor that returns the longest block. */
function start(stack: Stack, role: 'api' | 'worker'): Promise<Service> {
  return startService(stack, role, 'redis', {
    NODE_OPTIONS: `--import=${new URL('../programs/watch-loop.ts', import.meta.url)}`,
  })
}

interface Audience {
  /** Number of events per listener. */
  received: number[]
  receiver: Program<unknown>
  leave(): void
}

interface Scene {
  stack: Stack
  api: Service
  worker: Service
  tenant: Tenant
  minutes: number
  audience: Audience
}

async function gather(api: Service, { key }: Tenant): Promise<Audience> {
  const receiver = await startProgram<unknown>(new URL('../programs/receiver.ts', import.meta.url), {})
  const [url] = await receiver.send<string[]>({ open: ['quick'] })
  await post(api, '/webhook-endpoints', key, { url })
  const received = Array<number>(listeners).fill(0)
  const streams = received.map((_, index) => listen(api, key, () => (received[index] = (received[index] ?? 0) + 1)))
  await Promise.all(streams.map(({ opened }) => opened))
  return {
    received,
    receiver,
    leave: () => {
      for (const { source } of streams) source.close()
    },
  }
}

/** Opens a stream that reconnects with the last id. */
function listen(api: Service, key: string, onEvent: () => void) {
  const source = new EventSource(`${api.url}/events/stream`, {
    fetch: (url, init) => {
      const headers = new Headers(init.headers)
      headers.set('authorization', `Bearer ${key}`)
      return fetch(url, { ...init, headers })
    },
  })
  source.onmessage = onEvent
  return { source, opened: new Promise((resolve) => source.addEventListener('open', resolve, { once: true })) }
}

async function measure(scene: Scene): Promise<Figures> {
  const { stack, api, worker, minutes, audience } = scene
  const samples = { api: makeSamples(api), worker: makeSamples(worker) }
  const load = makeLoad(scene)
  await sleep(minuteMs)
  await Promise.all([api.send<number>({}), worker.send<number>({})])
  const startedAt = performance.now()
  const acceptedBefore = load.accepted()
  await sleep(minutes * minuteMs)
  const rate = (1000 * (load.accepted() - acceptedBefore)) / (performance.now() - startedAt)
  const [apiBlockMs, workerBlockMs] = [await api.send<number>({}), await worker.send<number>({})]
  const memory = { ...samples.api.end('api', minutes), ...samples.worker.end('worker', minutes) }
  const failed = await load.stop()
  const { ended, events } = await untilEnded(stack, scene.tenant, load.accepted())
  await untilReceived(audience, events)
  const { messages, duplicates } = await audience.receiver.send<Report>({ report: true })
  return {
    rate,
    ...memory,
    'api longest block ms': apiBlockMs,
    'worker longest block ms': workerBlockMs,
    failed,
    accepted: load.accepted(),
    'not ended': load.accepted() - ended,
    events,
    'not heard': audience.received.reduce((most, received) => Math.max(most, Math.abs(events - received)), 0),
    'not delivered': events - messages,
    'delivered twice': duplicates,
  }
}

/** Samples memory every second. */
function makeSamples({ pid }: Service) {
  const samples: number[] = []
  const timer = setInterval(() => void rssMiB(pid).then((mebibytes) => samples.push(mebibytes)), 1000)
  return {
    /** Medians of the first minute after the warm-up and of the last minute. */
    end(name: string, minutes: number): Figures {
      clearInterval(timer)
      const measured = samples.slice(-minutes * 60)
      const [first, last] = [percentile(measured.slice(0, 60), 0.5), percentile(measured.slice(-60), 0.5)]
      const highest = { [`${name} RSS MiB`]: Math.max(...measured) }
      const figures = {
        [`${name} first RSS MiB`]: first,
        [`${name} last RSS MiB`]: last,
        [`${name} growth`]: last / first,
      }
      return { ...figures, ...highest }
    },
  }
}

/** Sends jobs at a fixed rate, each when it is due, independent of earlier responses. */
function makeLoad({ api, tenant }: Scene) {
  const spec = { provider: 'slurm', script: '#!/bin/sh\nsleep 1\n', resources: { cpus: 1, memoryMiB: 1024 } }
  const underWay = new Set<Promise<void>>()
  const startedAt = performance.now()
  let [sent, accepted, failed] = [0, 0, 0]
  const send = () => {
    while (sent < ((performance.now() - startedAt) * jobsPerSecond) / 1000) {
      sent += 1
      const request = post(api, '/jobs', tenant.key, { ...spec, name: `job-${sent}` })
        .then(
          () => void accepted++,
          () => void failed++,
        )
        .finally(() => underWay.delete(request))
      underWay.add(request)
    }
  }
  const timer = setInterval(send, 1000 / jobsPerSecond)
  return {
    accepted: () => accepted,
    /** Resolves with the number of failed requests when all have completed. */
    async stop(): Promise<number> {
      clearInterval(timer)
      await Promise.all(underWay)
      return failed
    },
  }
}

/** Waits until all jobs have finished, at most a minute. */
async function untilEnded({ pool }: Stack, { projectId }: Tenant, jobs: number) {
  const counts = `SELECT (SELECT count(*) FROM workloads WHERE project_id = $1 AND status = 'succeeded')::int AS ended,
    (SELECT count(*) FROM workload_events WHERE project_id = $1)::int AS events`
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const { rows } = await pool.query<{ ended: number; events: number }>(counts, [projectId])
    const { ended, events } = rows[0] ?? { ended: 0, events: 0 }
    if (ended >= jobs || performance.now() > deadline) return { ended, events }
    await sleep(500)
  }
}

async function untilReceived({ received, receiver }: Audience, events: number): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (performance.now() < deadline) {
    const { messages } = await receiver.send<Report>({ report: true })
    if (messages >= events && received.every((count) => count >= events)) return
    await sleep(500)
  }
}
