import fc from 'fast-check'
import type { Kind } from '../../../../src/vocabulary/kinds.ts'
import type { CallBehavior } from './memory-provider.ts'
import type { Lifecycle } from './remote-object.ts'
import type { Scenario, Step } from './run-scenario.ts'

/** Arbitrary scenarios: what a provider, a network, a process and a client may do to a workload. */

const codes = [
  ...(['invalid_request', 'permission_denied', 'unsupported', 'not_found', 'conflict'] as const),
  ...(['unauthenticated', 'quota_exceeded', 'no_capacity', 'rate_limited'] as const),
  ...(['unavailable', 'timeout', 'outcome_unknown', 'bad_response', 'internal'] as const),
]

const behavior: fc.Arbitrary<CallBehavior> = fc.record({
  does: fc.constantFrom('succeeds', 'rejects', 'fails', 'fails', 'fails', 'crashes'),
  executes: fc.constantFrom('no', 'yes', 'late'),
  code: fc.constantFrom(...codes),
  tookMs: fc.constantFrom(0, 5, 300, 999, 5000),
  lateMs: fc.integer({ min: 0, max: 3000 }),
})

const behaviors = fc.array(behavior, { maxLength: 5 })
const writes = fc.array(fc.constantFrom('succeeds', 'succeeds', 'crashes_before', 'crashes_after'), { maxLength: 10 })
const advance = fc.record({ do: fc.constant('advance' as const), ms: fc.constantFrom(1, 60, 400, 1500, 5000, 20_000) })
const jump = fc.record({
  do: fc.constant('jump' as const),
  process: fc.nat({ max: 1 }),
  ms: fc.constantFrom(-3_600_000, -400, 400, 5000, 3_600_000),
})
const pause = fc.record({ do: fc.constant('pause' as const), ms: fc.constantFrom(500, 8000) })

const jobLifecycle = fc
  .record({
    waitMs: fc.integer({ min: 0, max: 4000 }),
    runMs: fc.integer({ min: 0, max: 6000 }),
    end: fc.constantFrom('DONE', 'BROKEN', 'KILLED', 'UNDECIDED'),
  })
  .map(
    ({ waitMs, runMs, end }): Lifecycle => ({
      states: {
        WAITING: 'pending',
        RUNNING: 'running',
        DONE: 'succeeded',
        BROKEN: 'failed',
        KILLED: 'canceled',
        UNDECIDED: 'unknown',
      },
      timeline: [
        { state: 'WAITING', forMs: waitMs },
        { state: 'RUNNING', forMs: runMs },
        { state: end, forMs: 0 },
      ],
      actions: { cancel: { through: null, to: 'KILLED', forMs: waitMs % 700 } },
      finalStates: ['DONE', 'BROKEN', 'KILLED', 'UNDECIDED'],
    }),
  )

const environmentLifecycle = fc
  .record({
    createMs: fc.integer({ min: 0, max: 5000 }),
    actionMs: fc.integer({ min: 0, max: 3000 }),
    settledState: fc.constantFrom('UP', 'UP', 'UP', 'BROKEN', 'BLOCKED'),
  })
  .map(
    ({ createMs, actionMs, settledState }): Lifecycle => ({
      states: {
        ...{ CREATING: 'provisioning', UP: 'running', STOPPING: 'stopping', DOWN: 'stopped', STARTING: 'starting' },
        ...{ BROKEN: 'failed', BLOCKED: 'blocked', DELETING: 'deleting' },
      },
      timeline: [
        { state: 'CREATING', forMs: createMs },
        { state: settledState, forMs: 0 },
      ],
      actions: {
        start: { through: 'STARTING', to: 'UP', forMs: actionMs },
        stop: { through: 'STOPPING', to: 'DOWN', forMs: actionMs },
        delete: { through: 'DELETING', to: null, forMs: actionMs },
      },
      finalStates: [],
    }),
  )

const jobStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: advance },
  { weight: 1, arbitrary: pause },
  { weight: 1, arbitrary: jump },
  { weight: 2, arbitrary: fc.constant({ do: 'request' as const, desired: 'cancel' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('force' as const),
      state: fc.constantFrom('RUNNING', 'WAITING', 'UNRECOGNIZED', 'DONE', null),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('environment' as const),
      status: fc.constantFrom('provisioning', 'running', 'failed'),
      desired: fc.constantFrom('run', 'run', 'run', 'delete'),
    }),
  },
)

const environmentStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: advance },
  { weight: 1, arbitrary: pause },
  { weight: 1, arbitrary: jump },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('request' as const), desired: fc.constantFrom('run', 'stop', 'delete') }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('force' as const),
      state: fc.constantFrom('UP', 'DOWN', 'BROKEN', 'BLOCKED', 'UNRECOGNIZED', null),
    }),
  },
)

export function scenarios(kind: Kind): fc.Arbitrary<Scenario> {
  const isJob = kind === 'job'
  return fc.record({
    kind: fc.constant(kind),
    traits: fc
      .record(
        {
          listConsistencyLagMs: fc.constantFrom(0, 700, 4000),
          maxProcessingMs: fc.constantFrom(0, 900, 3000),
          retentionMs: fc.constantFrom(3000, 60_000),
          deletableIn: fc.constant(['stopped', 'failed', 'blocked'] as const),
          uniqueNames: fc.boolean(),
          reusesIds: fc.constant(true as const),
        },
        { requiredKeys: ['listConsistencyLagMs', 'maxProcessingMs', 'uniqueNames'] },
      )
      .map(({ retentionMs, deletableIn, ...traits }) => ({
        ...traits,
        ...(isJob && retentionMs !== undefined ? { retentionMs } : {}),
        ...(!isJob && deletableIn !== undefined ? { deletableIn } : {}),
      })),
    lifecycle: isJob ? jobLifecycle : environmentLifecycle,
    findsAfterConflict: fc.boolean(),
    neighbors: fc.array(fc.boolean(), { maxLength: 2 }),
    hasEnvironment: isJob ? fc.boolean() : fc.constant(false),
    behaviors: fc.record({ create: behaviors, find: behaviors, read: behaviors, control: behaviors }),
    writes,
    stallsMs: fc.array(fc.constantFrom(0, 0, 300, 800, 6000), { maxLength: 3 }),
    wallSkewsMs: fc.array(fc.constantFrom(0, 0, -5000, 5000), { minLength: 1, maxLength: 2 }),
    steps: fc.array(isJob ? jobStep : environmentStep, { minLength: 1, maxLength: 12 }),
  })
}
