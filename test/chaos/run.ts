import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { examineDatabase } from '../../src/container/container.ts'
import { makeDatabase } from '../../src/infra/database.ts'
import { makeRandom } from '../../src/sandbox/random.ts'
import { runBackgroundFaults } from './background-faults.ts'
import { type Client, makeClient } from './client.ts'
import {
  countOpen,
  delayedWriteMs,
  describeOpen,
  dumpRecords,
  readEvents,
  readObjects,
  readRows,
  readSettling,
} from './collect.ts'
import { makeFaultBoard } from './fault-board.ts'
import { type Follower, startFollower } from './follower.ts'
import { drawLoad, runLoad, type Submission } from './load.ts'
import type { ChaosOptions } from './options.ts'
import { type Receiver, startReceiver } from './receiver.ts'
import type { Report } from './report.ts'
import { runSeededCases } from './seeded-cases.ts'
import { type Stack, startStack } from './stack.ts'
import { timingOf } from './timing.ts'
import { verify } from './verifier.ts'

export interface RunHooks {
  print(line: string): void
  onStart?(stack: Stack): void
  /** All processes run until this resolves. */
  onReport?(report: Report): Promise<void>
}

/** Starts all processes, runs the load and the faults, waits until all records settle, and compares the three lists. */
export async function runChaos(options: ChaosOptions, { print, onStart, onReport }: RunHooks): Promise<Report> {
  const timing = timingOf(options.isShort)
  const log = timestamped(print)
  const stack = await startStack(options, timing)
  onStart?.(stack)
  const client = makeClient(stack.apiUrls)
  const follower = await startFollower(stack.apiUrls)
  const receiver = await startReceiver(client, makeRandom(`${options.seed}/receiver`))
  try {
    for (const connection of stack.connections) await connect(client, connection)
    const board = makeFaultBoard(stack.sandboxUrl)
    const submissions: Submission[] = []
    log('Seeded cases …')
    const undecidable = await runSeededCases({ client, board, stack, timing, submissions })
    const random = makeRandom(options.seed)
    const items = drawLoad(random, options)
    let lastFaultAt = new Date()
    if (items.length > 0) {
      log(`${items.length} requests in ${options.seconds} s, with faults:`)
      const { seconds } = options
      const faults = runBackgroundFaults({ random, seconds, timing, stack, board, client, log }).then(() => {
        lastFaultAt = new Date()
        log('Faults are over.')
      })
      await Promise.all([runLoad(items, { client, accounts: stack.accounts, submissions }), faults])
    }
    await board.clear()
    receiver.stopFailing()
    log('The load is complete; waiting until all records settle …')
    // The sandbox needs time to execute the delayed writes.
    await sleep((await delayedWriteMs(stack.pool, timing.freezeMs)) + 1000)
    const open = await untilSettled(stack, timing.patienceMs * patienceFactor(options))
    for (const line of await describeOpen(stack.pool)) log(`  open: ${line}`)
    const verdict = await compare(stack, { submissions, undecidable, follower, receiver })
    if (options.keepDir !== null) await dumpRecords(stack.pool, join(stack.dir, 'records.jsonl'))
    const settledAfterMs = await readSettling(stack.pool, lastFaultAt, open)
    const report = {
      seed: options.seed,
      verdict,
      settledAfterMs,
      faultCounts: board.counts(),
      rejections: rejectionsOf(submissions),
    }
    await onReport?.(report)
    return report
  } finally {
    follower.stop()
    await receiver.close()
    await stack.stop()
  }
}

/** Prefixes each line with the seconds since the start. */
function timestamped(print: (line: string) => void): (line: string) => void {
  const startedMs = performance.now()
  return (line) => print(`${((performance.now() - startedMs) / 1000).toFixed(1).padStart(6)} s  ${line}`)
}

/** Number of rejected requests by error. */
function rejectionsOf(submissions: readonly Submission[]): Record<string, number> {
  const reasons = submissions.flatMap(({ ids, rejection }) =>
    ids.length === 0 && rejection !== null ? [rejection] : [],
  )
  const groups = [...Map.groupBy(reasons, (reason) => reason)]
  return Object.fromEntries(groups.map(([reason, all]) => [reason, all.length]))
}

/** Seeded cases alone settle soon or never. */
function patienceFactor({ workloads }: ChaosOptions): number {
  return workloads === 0 ? 0.4 : 1
}

async function connect(client: Client, connection: object): Promise<void> {
  const { status, body } = await client.call('POST', '/connections', { body: connection })
  if (status !== 201) throw new Error(`a connection was rejected: ${body.detail}`)
}

const checkIntervalMs = 250

/** Waits until no record is open, at most `patienceMs`. Returns the providers of records that are still open. */
async function untilSettled({ pool }: Stack, patienceMs: number): Promise<string[]> {
  const untilMs = performance.now() + patienceMs
  for (;;) {
    const open = await countOpen(pool)
    if (open.size === 0 || performance.now() > untilMs) return [...open.keys()]
    await sleep(checkIntervalMs)
  }
}

/** The findings of `main.ts doctor`. */
async function examine({ databaseUrl: url }: Stack) {
  const database = makeDatabase({ url, poolSize: 1, applicationName: 'chaos-doctor' })
  try {
    return (await examineDatabase(database)).findings
  } finally {
    await database.close()
  }
}

/** The clients that must receive all events. */
interface Listeners {
  follower: Follower
  receiver: Receiver
}

/** Maximum time until the last events arrive, even on a busy machine. */
const eventTimeoutMs = 30_000

async function compare(
  stack: Stack,
  {
    submissions,
    undecidable,
    follower,
    receiver,
  }: Listeners & { submissions: readonly Submission[]; undecidable: readonly string[] },
) {
  const events = await readEvents(stack.pool)
  await Promise.all([
    follower.waitForEvents(events.length, eventTimeoutMs),
    receiver.waitForEvents(events.length, eventTimeoutMs),
  ])
  if (receiver.forged > 0) throw new Error(`${receiver.forged} webhook messages had an invalid signature`)
  const feed = { written: await readEvents(stack.pool), streamed: follower.received, posted: receiver.received() }
  const rows = await readRows(stack.pool)
  const correlationTags = new Set(rows.map(({ correlationTag }) => correlationTag))
  const objects = await readObjects(stack.journalFile, correlationTags, Date.now())
  return verify({ submissions, rows, objects, undecidable, violations: await examine(stack), feed })
}
