import { setImmediate as nextTurn } from 'node:timers/promises'
import { environmentKind } from '../../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../../src/jobs/job.kind.ts'
import type { Traits } from '../../../../src/providers/traits.ts'
import type { Kind } from '../../../../src/vocabulary/kinds.ts'
import type { WorkloadKind } from '../../../../src/workloads/kind.ts'
import type { Workload } from '../../../../src/workloads/workload.ts'
import { makeWorkload } from '../make-workload.ts'
import { callTimeoutMs, makeMemoryEngine, type WriteBehavior } from './memory-engine.ts'
import { type CallBehavior, type MemoryProvider, makeMemoryProvider } from './memory-provider.ts'
import { makeMemoryTable, type RecordedEvent } from './memory-table.ts'
import type { Lifecycle } from './remote-object.ts'
import { makeVirtualTime } from './virtual-time.ts'

/** An external event. */
export type Step =
  | { do: 'advance'; ms: number }
  | { do: 'request'; desired: Workload['desired'] }
  /** Changes the state of the remote object or removes it (null), once Switchyard knows it. */
  | { do: 'force'; state: string | null }
  /** Pauses the connection. */
  | { do: 'pause'; ms: number }
  /** Moves the wall clock of a process. */
  | { do: 'jump'; process: number; ms: number }
  /** Sets the status and the desired state of a job's environment. */
  | { do: 'environment'; status: 'provisioning' | 'running' | 'failed'; desired: 'run' | 'delete' }

/** The provider's traits, the behavior of each call and write in order, and the external events. */
export interface Scenario {
  kind: Kind
  traits: Pick<
    Traits,
    'listConsistencyLagMs' | 'maxProcessingMs' | 'retentionMs' | 'deletableIn' | 'uniqueNames' | 'reusesIds'
  >
  lifecycle: Lifecycle
  findsAfterConflict: boolean
  /** Other records whose objects a search returns, by whether they are active; they own them in both cases. */
  neighbors: readonly boolean[]
  hasEnvironment: boolean
  behaviors: Readonly<Record<'create' | 'find' | 'read' | 'control', readonly CallBehavior[]>>
  writes: readonly WriteBehavior[]
  stallsMs: readonly number[]
  /** Clock skew of each process. */
  wallSkewsMs: readonly number[]
  steps: readonly Step[]
}

export interface ScenarioResult {
  row: Workload
  /** Number of objects ever created. */
  createCount: number
  remoteObject: ReturnType<MemoryProvider['remoteObject']>
  events: readonly RecordedEvent[]
  statuses: readonly string[]
  /** The object changed at the provider. */
  isChangedRemotely: boolean
  /** Violated invariants. */
  violations: readonly unknown[]
}

const startMs = Date.parse('2024-05-01T12:00:00.000Z')
/** Longer than every backoff and processing time, shorter than the hour after which the engine parks. */
const graceMs = 600_000
const success: CallBehavior = { does: 'succeeds', executes: 'yes', code: 'timeout', tookMs: 5, lateMs: 2 }

/** Runs a scenario, then continues until nothing is due. */
export async function runScenario(scenario: Scenario): Promise<ScenarioResult> {
  const setup = setUp(scenario)
  const { time, table, provider, engine } = setup
  // A scenario consists of promises only: real timers fire between scenarios.
  await nextTurn()
  for (const step of scenario.steps) await applyStep(setup, scenario, step)
  setup.endFaults()
  Object.assign(table.conditions, { notBefore: null, pauseReason: null })
  await engine.runUntil(time.now() + graceMs)
  const violations = [...provider.violations, ...engine.failures]
  const { row, events, statuses } = table
  const { isChangedRemotely } = setup
  return {
    row,
    createCount: provider.createdTags.length,
    remoteObject: provider.remoteObject(),
    events,
    statuses,
    isChangedRemotely,
    violations,
  }
}

type Setup = ReturnType<typeof setUp>

function setUp({ kind, traits: given, lifecycle, behaviors, findsAfterConflict, ...scenario }: Scenario) {
  const time = makeVirtualTime(startMs)
  const workloadKind = (kind === 'job' ? jobKind : environmentKind) as unknown as WorkloadKind<never>
  const neighbors = scenario.neighbors.map((active, index) => ({
    ...{ remoteId: `other-${index}`, active, dispatchedAt: active ? null : time.date() },
  }))
  const environmentId = scenario.hasEnvironment ? 'env_1' : null
  const first = makeWorkload(kind, { dueAt: time.date(), environmentId })
  const table = makeMemoryTable(first, { kind: workloadKind, time, neighbors })
  if (scenario.hasEnvironment) Object.assign(table.conditions, environment({ status: 'running', desired: 'run' }))
  const calls = {
    create: [...behaviors.create],
    find: [...behaviors.find],
    read: [...behaviors.read],
    control: [...behaviors.control],
  }
  const writes = [...scenario.writes]
  const stallsMs = [...scenario.stallsMs]
  const traits: Traits = { enforces: [], ...(scenario.hasEnvironment ? { exclusiveEnvironment: true } : {}), ...given }
  const provider = makeMemoryProvider({
    ...{ time, lifecycle, traits, callTimeoutMs },
    findsAfterConflict: findsAfterConflict && keepsNames(traits),
    neighbors: neighbors.map(({ remoteId }) => remoteId),
    nextBehavior: (call) => calls[call].shift() ?? success,
  })
  const wallClocks = scenario.wallSkewsMs.map((skewMs) => ({ skewMs }))
  const nextWrite = () => writes.shift() ?? 'succeeds'
  const nextStallMs = () => stallsMs.shift() ?? 0
  const engine = makeMemoryEngine({ time, table, provider, nextWrite, nextStallMs }, wallClocks)
  const endFaults = () => {
    for (const list of [...Object.values(calls), writes, stallsMs]) list.length = 0
  }
  return { time, table, provider, engine, wallClocks, endFaults, isChangedRemotely: false }
}

/** Only then does a second create return a name conflict, regardless of the search. */
const keepsNames = ({ uniqueNames, retentionMs }: Traits) => uniqueNames && retentionMs === undefined

async function applyStep(setup: Setup, scenario: Scenario, step: Step): Promise<void> {
  const { time, table, engine } = setup
  switch (step.do) {
    case 'advance':
      return engine.runUntil(time.now() + step.ms)
    case 'pause':
      Object.assign(table.conditions, { notBefore: new Date(time.now() + step.ms), pauseReason: 'rate_limited' })
      return
    case 'jump':
      return jump(setup, step)
    case 'force':
      return force(setup, scenario, step.state)
    case 'environment':
      return scenario.hasEnvironment ? changeEnvironment(setup, step) : undefined
    case 'request':
      return acceptsAction(table.row, step.desired) ? table.requestAction(step.desired) : undefined
    default:
      return step satisfies never
  }
}

function jump({ wallClocks }: Setup, { process, ms }: { process: number; ms: number }): void {
  const clock = wallClocks[process % wallClocks.length]
  if (clock !== undefined) clock.skewMs += ms
}

function force(setup: Setup, { lifecycle }: Scenario, state: string | null): void {
  const { table, provider } = setup
  const remoteObject = provider.remoteObject()
  const isKnown = table.row.remoteId !== null && remoteObject !== null
  // Providers that undo a stop or a delete are not covered.
  const isLeaving = ['stopping', 'deleting'].includes(table.row.status)
  if (!isKnown || isLeaving || lifecycle.finalStates.includes(remoteObject.state)) return
  provider.force(state)
  setup.isChangedRemotely = true
}

function changeEnvironment({ table, time }: Setup, step: { status: string; desired: string }): void {
  Object.assign(table.conditions, environment(step))
  const { row } = table
  if (row.active && row.remoteId === null) table.row = { ...row, dueAt: time.date() }
}

/** Like the service, accepts an action only once, for active workloads, and never after a delete. */
function acceptsAction({ active, desired }: Workload, requested: Workload['desired']): boolean {
  return active && desired !== requested && desired !== 'cancel' && desired !== 'delete'
}

const environment = ({ status, desired }: { status: string; desired: string }) => ({
  environmentStatus: status as 'running',
  environmentRemoteId: 'remote-0',
  environmentDesired: desired as 'run',
})
