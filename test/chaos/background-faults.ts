import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultInput } from '../../src/sandbox/faults.ts'
import type { Random } from '../../src/sandbox/random.ts'
import { sandboxProviders } from '../../src/sandbox/registry.ts'
import { harnesses } from '../conformance/harnesses/index.ts'
import type { Client } from './client.ts'
import type { FaultBoard } from './fault-board.ts'
import type { Stack } from './stack.ts'
import type { ChaosTiming } from './timing.ts'

/** A fault that starts at a given time. */
export interface ScheduledFault {
  atMs: number
  label: string
  run(): Promise<unknown>
}

export interface BackgroundFaultParts {
  random: Random
  seconds: number
  timing: ChaosTiming
  stack: Stack
  board: FaultBoard
  client: Client
  log(line: string): void
}

const creates = new Set(
  harnesses.flatMap(({ kinds }) => Object.values(kinds).map(({ operations }) => operations.create)),
)
const providerIds = Object.keys(sandboxProviders)

/** Faults during the whole run: about one in four creates fails in some way, and one in thirty other calls. */
function continuousFaults({ latestMs, lagMs, settings }: ChaosTiming): FaultInput[] {
  const onCreates: FaultInput[] = [
    { kind: 'drop_answer', probability: 0.06 },
    { kind: 'execute_late', probability: 0.03, minDelayMs: 0, delayMs: latestMs - settings.timing.callTimeoutMs },
    { kind: 'execute_late', probability: 0.03, minDelayMs: 0, delayMs: latestMs, hangsUp: true },
    { kind: 'error_after', probability: 0.04, status: 503 },
    { kind: 'error_before', probability: 0.03 },
    { kind: 'reset', probability: 0.03 },
    { kind: 'stall', probability: 0.02, delayMs: settings.leaseMs + 3000 },
    { kind: 'html_body', probability: 0.02 },
    { kind: 'truncated_json', probability: 0.02 },
    { kind: 'empty_body', probability: 0.02 },
  ]
  return [
    ...[...creates].flatMap((operation) => onCreates.map((fault) => ({ ...fault, operation }))),
    { kind: 'list_lag', probability: 0.5, lagMs },
    { kind: 'error_before', probability: 0.01 },
    { kind: 'reset', probability: 0.01 },
    { kind: 'drop_answer', probability: 0.01 },
    { kind: 'truncated_json', probability: 0.005 },
  ]
}

/** All scheduled faults of a run, drawn from the seed. */
export function drawFaults(parts: BackgroundFaultParts): ScheduledFault[] {
  return [...faultWindows(parts), ...processFaults(parts)].sort((a, b) => a.atMs - b.atMs)
}

/** Periods in which one provider has one fault. */
function faultWindows({ random, seconds, timing, board }: BackgroundFaultParts): ScheduledFault[] {
  const faults: FaultInput[] = [
    { kind: 'rate_limited', probability: 0.8 },
    // For every call: a token is not rejected in one call and accepted in the next.
    { kind: 'credentials', reason: 'expired' },
    { kind: 'error_before', status: 503, probability: 0.7 },
    { kind: 'error_after', status: 502, probability: 0.5 },
    { kind: 'empty_list' },
  ]
  const rounds = Math.max(1, Math.floor(seconds / 30))
  return Array.from({ length: rounds }).flatMap(() =>
    faults.map((fault) => {
      const provider = providerIds[random.below(providerIds.length)] ?? 'dataforest'
      const forMs = timing.longestWindowMs / 3 + random.below((timing.longestWindowMs * 2) / 3)
      return {
        atMs: random.below(seconds * 900),
        label: `${fault.kind} at ${provider} for ${forMs} ms`,
        run: async () => {
          const end = await board.add({ ...fault, provider })
          await sleep(forMs)
          await end()
        },
      }
    }),
  )
}

/** Faults of processes, each at a fraction of the run. */
function processFaults(parts: BackgroundFaultParts): ScheduledFault[] {
  const { random, seconds, stack, board, client } = parts
  const stopMs = seconds >= 60 ? 20_000 : 4000
  const { redis } = stack
  const schedule = (fraction: number, label: string, run: ScheduledFault['run']): ScheduledFault => ({
    atMs: fraction * seconds * 1000,
    label,
    run,
  })
  const victim = random.below(2)
  return [
    schedule(0.1, `SIGKILL of worker ${victim}`, () => stack.restart('worker', victim)),
    schedule(0.15, 'credentials of every connection rotated', () => rotate(client, stack)),
    schedule(0.2, `SIGSTOP of worker ${1 - victim} in the middle of calls, for longer than its leases`, () =>
      freezeInCalls(parts, 1 - victim),
    ),
    schedule(0.4, `worker ${victim} restarted with a clock 10 minutes ahead`, () =>
      stack.restart('worker', victim, 600_000),
    ),
    ...(redis === null
      ? []
      : [
          schedule(0.3, 'FLUSHALL', redis.flushAll),
          schedule(0.45, `Redis stopped for ${stopMs} ms`, () => redis.stopFor(stopMs)),
        ]),
    schedule(0.55, 'SIGKILL of api 1', () => stack.restart('api', 1)),
    schedule(0.6, `worker ${victim} killed and back with the right time`, () => stack.restart('worker', victim)),
    schedule(0.7, 'Postgres restarted', stack.restartPostgres),
    schedule(0.8, 'sandbox killed and restarted', async () => {
      await board.count()
      await stack.restartSandbox()
      await board.restore()
    }),
    schedule(0.9, `SIGKILL of worker ${1 - victim}`, () => stack.restart('worker', 1 - victim)),
  ]
}

/** Slow responses keep calls in flight at that time; a single call would time out before its lease ends. */
async function freezeInCalls({ board, stack, timing }: BackgroundFaultParts, index: number): Promise<void> {
  const { leaseMs, timing: call } = timing.settings
  const end = await board.add({ kind: 'stall', delayMs: call.callTimeoutMs / 2 })
  await sleep(call.callTimeoutMs / 4)
  const resumed = stack.freezeWorker(index, leaseMs + 2000)
  await end()
  await resumed
}

/** ModelArts has a second pair of keys; the other providers get invalid credentials for a moment. */
async function rotate(client: Client, { connections, accounts }: Stack): Promise<void> {
  const { body } = await client.call('GET', '/connections?limit=200')
  const { temporaryAccessKey, temporarySecretKey, securityToken } = accounts.modelarts
  const temporary = { accessKey: temporaryAccessKey, secretKey: temporarySecretKey, securityToken }
  for (const { id, name, provider } of body.data as { id: string; name: string; provider: string }[]) {
    const valid = connections.find((connection) => connection.name === name)?.credentials[provider]
    const send = (credentials: object | undefined) =>
      client.call('PATCH', `/connections/${id}`, { body: { credentials: { [provider]: credentials } } })
    if (provider === 'modelarts') await send(temporary)
    else {
      await send(invalidOf(valid ?? {}))
      await sleep(700)
      await send(valid)
    }
  }
}

/** Well-formed credentials that no account has. */
function invalidOf(credentials: object): object {
  const secrets = new Set(['secretKey', 'key', 'token'])
  return Object.fromEntries(
    Object.entries(credentials).map(([name, value]) => [name, secrets.has(name) ? 'b'.repeat(43) : value]),
  )
}

/** Adds the continuous faults and runs the scheduled ones. Resolves when the last fault is over. */
export async function runBackgroundFaults(parts: BackgroundFaultParts): Promise<void> {
  const { timing, board, log } = parts
  for (const fault of continuousFaults(timing)) await board.add(fault)
  const startedMs = performance.now()
  await Promise.all(
    drawFaults(parts).map(async ({ atMs, label, run }) => {
      await sleep(Math.max(0, startedMs + atMs - performance.now()))
      log(`  ${label}`)
      await run()
    }),
  )
  await sleep(Math.max(0, startedMs + parts.seconds * 1000 - performance.now()))
  await board.clear()
}
