import { setTimeout as sleep } from 'node:timers/promises'
import { sandboxConnection } from '../src/commands/sandbox-connections.ts'
import { freePort } from '../test/support/free-ports.ts'
import { type Program, startProgram } from './program.ts'
import { slots } from './rules.ts'
import type { Stack } from './stack.ts'

export type Queue = 'redis' | 'postgres'

export interface Service extends Program<unknown> {
  url: string
}

/** Admin key of the first project. */
export const apiKey = 'sy_bench-key-of-the-first-project-00001'

/** Starts Switchyard in one role; resolves when an API is ready, and immediately for a worker. */
export async function startService(
  stack: Stack,
  role: 'api' | 'worker',
  queue: Queue = 'redis',
  settings: Record<string, string> = {},
): Promise<Service> {
  const port = await freePort()
  const env = {
    ROLE: role,
    PORT: String(port),
    DATABASE_URL: stack.databaseUrl,
    ...(queue === 'redis' ? { REDIS_URL: stack.redis.url } : {}),
    SECRETS_KEY: '42'.repeat(32),
    BOOTSTRAP_API_KEY: apiKey,
    EGRESS_ALLOW: '127.0.0.1',
    LOG_LEVEL: 'warn',
    // Disables rate limits, which are not what is measured.
    REQUEST_RATE_LIMIT: '0',
    PROVIDER_CALLS_PER_SECOND: '0',
    WORKER_CONCURRENCY: String(slots),
    ...settings,
  }
  const program = await startProgram<unknown>(new URL('../src/main.ts', import.meta.url), env, ['serve'])
  const url = `http://127.0.0.1:${port}`
  if (role === 'api') await untilReady(url, program)
  return { ...program, url }
}

/** Starts the load generator; see programs/load.ts for its messages. */
export function startLoad(): Promise<Program<unknown>> {
  return startProgram(new URL('./programs/load.ts', import.meta.url), {})
}

/** Connects the first project to the sandbox's Slurm account. */
export async function connectSlurm(stack: Stack): Promise<void> {
  const api = await startService(stack, 'api')
  await postTo(api, apiKey, 'connections', slurmConnection(stack))
  await api.stop()
}

/** The request for a connection to the sandbox's Slurm account. */
export function slurmConnection(stack: Stack): object {
  return sandboxConnection(stack.sandbox.ready, 'slurm') ?? {}
}

/** Sends a create request and returns the result. */
export async function postTo(
  { url }: Service,
  key: string,
  path: string,
  body: object,
): Promise<{ id: string; key: string }> {
  const response = await fetch(`${url}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`POST /${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as { id: string; key: string }
}

const readyTries = 1200

/** Resolves when `/readyz` reports success. */
export async function untilReady(url: string, program: Program<unknown>): Promise<void> {
  for (let tries = 0; tries < readyTries; tries++) {
    if (program.hasEnded()) throw new Error(`A service ended: ${program.output()}`)
    const response = await fetch(`${url}/readyz`).catch(() => null)
    if (response?.ok) return
    await sleep(50)
  }
  throw new Error(`A service is not ready: ${program.output()}`)
}
