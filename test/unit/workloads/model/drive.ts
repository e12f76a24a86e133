import { setImmediate as nextTurn } from 'node:timers/promises'
import { environmentKind } from '../../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../../src/jobs/job.kind.ts'
import type { Traits } from '../../../../src/providers/traits.ts'
import type { Kind } from '../../../../src/vocabulary/kinds.ts'
import type { WorkloadKind } from '../../../../src/workloads/kind.ts'
import type { Workload } from '../../../../src/workloads/workload.ts'
import { makeWorkload } from '../make-workload.ts'
import { callTimeoutMs, makeMemoryEngine, type WriteFate } from './memory-engine.ts'
import { type CallFate, type MemoryProvider, makeMemoryProvider } from './memory-provider.ts'
import { makeMemoryTable, type ToldEvent } from './memory-table.ts'
import type { Life } from './remote-object.ts'
import { makeVirtualTime } from './virtual-time.ts'

/** What happens from outside, one after the other. */
export type Step =
  | { do: 'pass'; ms: number }
  | { do: 'request'; desired: Workload['desired'] }
  /** The provider's object gets into a state, or is removed (null); only once Switchyard knows it. */
  | { do: 'force'; state: string | null }
  /** The connection is not to be called for a while. */
  | { do: 'pause'; ms: number }
  /** The wall clock of a process jumps. */
  | { do: 'jump'; process: number; ms: number }
  /** What the environment of a job is, and what its client wants of it. */
  | { do: 'environment'; status: 'provisioning' | 'running' | 'failed'; desired: 'run' | 'delete' }

/** One story: the provider's nature, the fate of each call and write in turn, and what happens from outside. */
export interface Story {
  kind: Kind
  traits: Pick<
    Traits,
    'listConsistencyLagMs' | 'maxProcessingMs' | 'retentionMs' | 'deletableIn' | 'uniqueNames' | 'reusesIds'
  >
  life: Life
  findsLate: boolean
  /** Whether records whose objects a search shows too are live; they own them either way. */
  neighbours: readonly boolean[]
  hasEnvironment: boolean
  fates: Readonly<Record<'create' | 'find' | 'read' | 'control', readonly CallFate[]>>
  writes: readonly WriteFate[]
  stallsMs: readonly number[]
  /** Of the processes that act on the table, one for each. */
  wallSkewsMs: readonly number[]
  steps: readonly Step[]
}

/** How it ended. */
export interface Ending {
  row: Workload
  /** How many objects were ever made. */
  made: number
  living: ReturnType<MemoryProvider['living']>
  events: readonly ToldEvent[]
  statuses: readonly string[]
  /** The object changed at the provider. */
  isMeddledWith: boolean
  /** What must never happen, and did. */
  violations: readonly unknown[]
}

const startMs = Date.parse('2024-05-01T12:00:00.000Z')
/** Enough for every backoff and every settling time to run out, and less than the hour after which the engine parks. */
const graceMs = 600_000
const works: CallFate = { does: 'works', executes: 'yes', code: 'timeout', tookMs: 5, lateMs: 2 }

/** Runs a story, then continues until nothing is due. */
export async function drive(story: Story): Promise<Ending> {
  const stage = setStage(story)
  const { time, table, provider, engine } = stage
  // A story is made of promises alone: the machine's own timers get their turn between two of them.
  await nextTurn()
  for (const step of story.steps) await take(stage, story, step)
  stage.endFaults()
  Object.assign(table.surroundings, { notBefore: null, pauseReason: null })
  await engine.runUntil(time.now() + graceMs)
  const violations = [...provider.violations, ...engine.failures]
  const { row, events, statuses } = table
  const { isMeddledWith } = stage
  return { row, made: provider.made.length, living: provider.living(), events, statuses, isMeddledWith, violations }
}

type Stage = ReturnType<typeof setStage>

function setStage({ kind, traits: given, life, fates, findsLate, ...story }: Story) {
  const time = makeVirtualTime(startMs)
  const workloadKind = (kind === 'job' ? jobKind : environmentKind) as unknown as WorkloadKind<never>
  const neighbours = story.neighbours.map((active, index) => ({
    ...{ remoteId: `other-${index}`, active, dispatchedAt: active ? null : time.date() },
  }))
  const environmentId = story.hasEnvironment ? 'env_1' : null
  const first = makeWorkload(kind, { dueAt: time.date(), environmentId })
  const table = makeMemoryTable(first, { kind: workloadKind, time, neighbours })
  if (story.hasEnvironment) Object.assign(table.surroundings, environment({ status: 'running', desired: 'run' }))
  const calls = { create: [...fates.create], find: [...fates.find], read: [...fates.read], control: [...fates.control] }
  const writes = [...story.writes]
  const stallsMs = [...story.stallsMs]
  const traits: Traits = { enforces: [], ...(story.hasEnvironment ? { exclusiveEnvironment: true } : {}), ...given }
  const provider = makeMemoryProvider({
    ...{ time, life, traits, callTimeoutMs },
    findsLate: findsLate && keepsNames(traits),
    neighbours: neighbours.map(({ remoteId }) => remoteId),
    nextFate: (call) => calls[call].shift() ?? works,
  })
  const wallClocks = story.wallSkewsMs.map((skewMs) => ({ skewMs }))
  const nextWrite = () => writes.shift() ?? 'kept'
  const nextStallMs = () => stallsMs.shift() ?? 0
  const engine = makeMemoryEngine({ time, table, provider, nextWrite, nextStallMs }, wallClocks)
  const endFaults = () => {
    for (const list of [...Object.values(calls), writes, stallsMs]) list.length = 0
  }
  return { time, table, provider, engine, wallClocks, endFaults, isMeddledWith: false }
}

/** Only then is a second create answered with "the name exists", whatever the search shows. */
const keepsNames = ({ uniqueNames, retentionMs }: Traits) => uniqueNames && retentionMs === undefined

async function take(stage: Stage, story: Story, step: Step): Promise<void> {
  const { time, table, engine } = stage
  switch (step.do) {
    case 'pass':
      return engine.runUntil(time.now() + step.ms)
    case 'pause':
      Object.assign(table.surroundings, { notBefore: new Date(time.now() + step.ms), pauseReason: 'rate_limited' })
      return
    case 'jump':
      return jump(stage, step)
    case 'force':
      return force(stage, story, step.state)
    case 'environment':
      return story.hasEnvironment ? changeEnvironment(stage, step) : undefined
    case 'request':
      return isStillOpen(table.row, step.desired) ? table.requestAction(step.desired) : undefined
    default:
      return step satisfies never
  }
}

function jump({ wallClocks }: Stage, { process, ms }: { process: number; ms: number }): void {
  const clock = wallClocks[process % wallClocks.length]
  if (clock !== undefined) clock.skewMs += ms
}

function force(stage: Stage, { life }: Story, state: string | null): void {
  const { table, provider } = stage
  const living = provider.living()
  const isKnown = table.row.remoteId !== null && living !== null
  // A provider that undoes a stop or a delete is not covered here.
  const isLeaving = ['stopping', 'deleting'].includes(table.row.status)
  if (!isKnown || isLeaving || life.ended.includes(living.state)) return
  provider.force(state)
  stage.isMeddledWith = true
}

function changeEnvironment({ table, time }: Stage, step: { status: string; desired: string }): void {
  Object.assign(table.surroundings, environment(step))
  const { row } = table
  if (row.active && row.remoteId === null) table.row = { ...row, dueAt: time.date() }
}

/** Records a request as the service does: only for active workloads, once, and none after a delete. */
function isStillOpen({ active, desired }: Workload, requested: Workload['desired']): boolean {
  return active && desired !== requested && desired !== 'cancel' && desired !== 'delete'
}

const environment = ({ status, desired }: { status: string; desired: string }) => ({
  environmentStatus: status as 'running',
  environmentRemoteId: 'remote-0',
  environmentDesired: desired as 'run',
})
