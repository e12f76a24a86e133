import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultInput } from '../../src/sandbox/faults.ts'
import type { Random } from '../../src/sandbox/random.ts'
import { sandboxProviders } from '../../src/sandbox/registry.ts'
import { harnesses } from '../conformance/harnesses/index.ts'
import type { Client } from './client.ts'
import type { FaultBoard } from './fault-board.ts'
import type { Stack } from './stack.ts'
import type { ChaosTiming } from './timing.ts'

/** Something that happens once, at its time. */
export interface Strike {
  atMs: number
  what: string
  run(): Promise<unknown>
}

export interface WeatherParts {
  random: Random
  seconds: number
  timing: ChaosTiming
  stack: Stack
  board: FaultBoard
  client: Client
  say(line: string): void
}

const creates = new Set(
  harnesses.flatMap(({ kinds }) => Object.values(kinds).map(({ operations }) => operations.create)),
)
const providerIds = Object.keys(sandboxProviders)

/** What is in the air all the time: each create fails in some way once in four, other calls once in thirty. */
function standingFaults({ latestMs, lagMs, settings }: ChaosTiming): FaultInput[] {
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

/** Everything that strikes in a run, drawn from the seed. */
export function drawWeather(parts: WeatherParts): Strike[] {
  return [...windows(parts), ...blows(parts)].sort((a, b) => a.atMs - b.atMs)
}

/** Seconds in which one provider misbehaves in one way. */
function windows({ random, seconds, timing, board }: WeatherParts): Strike[] {
  const faults: FaultInput[] = [
    { kind: 'rate_limited', probability: 0.8 },
    // Always, while it lasts: a token is not rejected in one call and known in the next.
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
        what: `${fault.kind} at ${provider} for ${forMs} ms`,
        run: async () => {
          const end = await board.add({ ...fault, provider })
          await sleep(forMs)
          await end()
        },
      }
    }),
  )
}

/** What happens to processes, each at its part of the time. */
function blows(parts: WeatherParts): Strike[] {
  const { random, seconds, stack, board, client } = parts
  const stopMs = seconds >= 60 ? 20_000 : 4000
  const { redis } = stack
  const blow = (part: number, what: string, run: Strike['run']): Strike => ({ atMs: part * seconds * 1000, what, run })
  const victim = random.below(2)
  return [
    blow(0.1, `SIGKILL of worker ${victim}`, () => stack.restart('worker', victim)),
    blow(0.15, 'credentials of every connection rotated', () => rotate(client, stack)),
    blow(0.2, `SIGSTOP of worker ${1 - victim} in the middle of calls, for longer than its leases`, () =>
      freezeInCalls(parts, 1 - victim),
    ),
    blow(0.4, `worker ${victim} restarted with a clock 10 minutes ahead`, () =>
      stack.restart('worker', victim, 600_000),
    ),
    ...(redis === null
      ? []
      : [
          blow(0.3, 'FLUSHALL', redis.flushAll),
          blow(0.45, `Redis stopped for ${stopMs} ms`, () => redis.stopFor(stopMs)),
        ]),
    blow(0.55, 'SIGKILL of api 1', () => stack.restart('api', 1)),
    blow(0.6, `worker ${victim} killed and back with the right time`, () => stack.restart('worker', victim)),
    blow(0.7, 'Postgres restarted', stack.restartPostgres),
    blow(0.8, 'sandbox killed and restarted', async () => {
      await board.count()
      await stack.restartSandbox()
      await board.restore()
    }),
    blow(0.9, `SIGKILL of worker ${1 - victim}`, () => stack.restart('worker', 1 - victim)),
  ]
}

/** All answers are slow when it strikes, so calls are under way: a call alone would be given up before its lease ends. */
async function freezeInCalls({ board, stack, timing }: WeatherParts, index: number): Promise<void> {
  const { leaseMs, timing: call } = timing.settings
  const end = await board.add({ kind: 'stall', delayMs: call.callTimeoutMs / 2 })
  await sleep(call.callTimeoutMs / 4)
  const thawed = stack.freezeWorker(index, leaseMs + 2000)
  await end()
  await thawed
}

/** ModelArts has a second pair of keys; the others get wrong ones for a moment, then the right ones again. */
async function rotate(client: Client, { connections, accounts }: Stack): Promise<void> {
  const { body } = await client.call('GET', '/connections?limit=200')
  const { temporaryAccessKey, temporarySecretKey, securityToken } = accounts.modelarts
  const temporary = { accessKey: temporaryAccessKey, secretKey: temporarySecretKey, securityToken }
  for (const { id, name, provider } of body.data as { id: string; name: string; provider: string }[]) {
    const right = connections.find((connection) => connection.name === name)?.credentials[provider]
    const send = (credentials: object | undefined) =>
      client.call('PATCH', `/connections/${id}`, { body: { credentials: { [provider]: credentials } } })
    if (provider === 'modelarts') await send(temporary)
    else {
      await send(wrongOf(right ?? {}))
      await sleep(700)
      await send(right)
    }
  }
}

/** Of the right form, and nobody's. */
function wrongOf(credentials: object): object {
  const secrets = new Set(['secretKey', 'key', 'token'])
  return Object.fromEntries(
    Object.entries(credentials).map(([name, value]) => [name, secrets.has(name) ? 'b'.repeat(43) : value]),
  )
}

/** Puts up what is always in the air and lets everything strike at its time. Resolves when the last strike is over. */
export async function runWeather(parts: WeatherParts): Promise<void> {
  const { timing, board, say } = parts
  for (const fault of standingFaults(timing)) await board.add(fault)
  const startedMs = performance.now()
  await Promise.all(
    drawWeather(parts).map(async ({ atMs, what, run }) => {
      await sleep(Math.max(0, startedMs + atMs - performance.now()))
      say(`  ${what}`)
      await run()
    }),
  )
  await sleep(Math.max(0, startedMs + parts.seconds * 1000 - performance.now()))
  await board.clear()
}
