import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { examineDatabase } from '../../src/container/container.ts'
import { makeDatabase } from '../../src/infra/database.ts'
import { makeRandom } from '../../src/sandbox/random.ts'
import { runWeather } from './background-faults.ts'
import { type Client, makeClient } from './client.ts'
import {
  countOpen,
  describeOpen,
  dumpRecords,
  readEvents,
  readObjects,
  readRows,
  readSettling,
  untilThawedMs,
} from './collect.ts'
import { makeFaultBoard } from './fault-board.ts'
import { type Follower, startFollower } from './follower.ts'
import { drawLoad, runLoad, type Told } from './load.ts'
import type { ChaosOptions } from './options.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import type { Report } from './report.ts'
import { runPlants } from './seeded-cases.ts'
import { type Stack, startStack } from './stack.ts'
import { timingOf } from './timing.ts'
import { judge } from './verifier.ts'

export interface Watching {
  print(line: string): void
  onStart?(stack: Stack): void
  /** Everything runs until this resolves. */
  onReport?(report: Report): Promise<void>
}

/**
 * One run: start everything, let clients and faults loose, wait until all is settled, compare the three lists.
 * Ends automatically and takes its processes along.
 */
export async function runChaos(options: ChaosOptions, { print, onStart, onReport }: Watching): Promise<Report> {
  const timing = timingOf(options.isShort)
  const say = stamped(print)
  const stack = await startStack(options, timing)
  onStart?.(stack)
  const client = makeClient(stack.apiUrls)
  const follower = await startFollower(stack.apiUrls)
  const receiver = await startReceiver(client, makeRandom(`${options.seed}/receiver`))
  try {
    for (const connection of stack.connections) await connect(client, connection)
    const board = makeFaultBoard(stack.sandboxUrl)
    const told: Told[] = []
    say('Planted cases …')
    const undecidable = await runPlants({ client, board, stack, timing, told })
    const random = makeRandom(options.seed)
    const items = drawLoad(random, options)
    let lastFaultAt = new Date()
    if (items.length > 0) {
      say(`${items.length} requests in ${options.seconds} s, with faults:`)
      const { seconds } = options
      const weather = runWeather({ random, seconds, timing, stack, board, client, say }).then(() => {
        lastFaultAt = new Date()
        say('Faults are over.')
      })
      await Promise.all([runLoad(items, { client, accounts: stack.accounts, told }), weather])
    }
    await board.clear()
    receiver.recover()
    say('All is asked; waiting until everything has settled …')
    // The sandbox must have had time to carry out what is let out then.
    await sleep((await untilThawedMs(stack.pool, timing.freezeMs)) + 1000)
    const open = await untilSettled(stack, timing.patienceMs * patiencePart(options))
    for (const line of await describeOpen(stack.pool)) say(`  open: ${line}`)
    const verdict = await compare(stack, { told, undecidable, follower, receiver })
    if (options.keepDir !== null) await dumpRecords(stack.pool, join(stack.dir, 'records.jsonl'))
    const settledAfterMs = await readSettling(stack.pool, lastFaultAt, open)
    const report = { seed: options.seed, verdict, settledAfterMs, struck: board.struck(), refusals: refusalsOf(told) }
    await onReport?.(report)
    return report
  } finally {
    follower.leave()
    await receiver.close()
    await stack.stop()
  }
}

/** Each line with the seconds since the run began. */
function stamped(print: (line: string) => void): (line: string) => void {
  const startedMs = performance.now()
  return (line) => print(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`)
}

/** How often each reason was given for promising nothing. */
function refusalsOf(told: readonly Told[]): Record<string, number> {
  const reasons = told.flatMap(({ ids, refusal }) => (ids.length === 0 && refusal !== null ? [refusal] : []))
  const groups = [...Map.groupBy(reasons, (reason) => reason)]
  return Object.fromEntries(groups.map(([reason, all]) => [reason, all.length]))
}

/** The planted cases alone are settled soon, or never. */
function patiencePart({ workloads }: ChaosOptions): number {
  return workloads === 0 ? 0.4 : 1
}

async function connect(client: Client, connection: object): Promise<void> {
  const { status, body } = await client.call('POST', '/connections', { body: connection })
  if (status !== 201) throw new Error(`a connection was refused: ${body.detail}`)
}

const checkIntervalMs = 250

/** Waits until nothing is open any longer, or for so long. Answers the providers of what is open still. */
async function untilSettled({ pool }: Stack, patienceMs: number): Promise<string[]> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const open = await countOpen(pool)
    if (open.size === 0 || performance.now() > untilMs) return [...open.keys()]
    await sleep(checkIntervalMs)
  }
}

/** What `main.ts doctor` says of the database. */
async function examine({ databaseUrl: url }: Stack) {
  const database = makeDatabase({ url, poolSize: 1, applicationName: 'chaos-doctor' })
  try {
    return (await examineDatabase(database)).findings
  } finally {
    await database.close()
  }
}

/** Who is to hear of everything. */
interface Listeners {
  follower: Follower
  receiver: Receiver
}

/** However busy the machine is: what was written last has been told by then. */
const toldWithinMs = 30_000

async function compare(
  stack: Stack,
  { told, undecidable, follower, receiver }: Listeners & { told: readonly Told[]; undecidable: readonly string[] },
) {
  const events = await readEvents(stack.pool)
  await Promise.all([follower.untilTold(events.length, toldWithinMs), receiver.untilTaken(events.length, toldWithinMs)])
  if (receiver.forged > 0)
    throw new Error(`${receiver.forged} messages to the webhook were not signed as they should be`)
  const feed = { written: await readEvents(stack.pool), told: follower.told, posted: receiver.taken() }
  const rows = await readRows(stack.pool)
  const correlationTags = new Set(rows.map(({ correlationTag }) => correlationTag))
  const objects = await readObjects(stack.journalFile, correlationTags, Date.now())
  return judge({ told, rows, objects, undecidable, unsound: await examine(stack), feed })
}
