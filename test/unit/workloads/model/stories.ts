import fc from 'fast-check'
import type { Kind } from '../../../../src/vocabulary/kinds.ts'
import type { Step, Story } from './drive.ts'
import type { CallFate } from './memory-provider.ts'
import type { Life } from './remote-object.ts'

/** Arbitrary stories: everything that a provider, a network, a process and a client may do to a workload. */

const codes = [
  ...(['invalid_request', 'permission_denied', 'unsupported', 'not_found', 'conflict'] as const),
  ...(['unauthenticated', 'quota_exceeded', 'no_capacity', 'rate_limited'] as const),
  ...(['unavailable', 'timeout', 'outcome_unknown', 'bad_response', 'internal'] as const),
]

const fate: fc.Arbitrary<CallFate> = fc.record({
  does: fc.constantFrom('works', 'refuses', 'fails', 'fails', 'fails', 'dies'),
  executes: fc.constantFrom('no', 'yes', 'late'),
  code: fc.constantFrom(...codes),
  tookMs: fc.constantFrom(0, 5, 300, 999, 5000),
  lateMs: fc.integer({ min: 0, max: 3000 }),
})

const fates = fc.array(fate, { maxLength: 5 })
const writes = fc.array(fc.constantFrom('kept', 'kept', 'lost', 'committed'), { maxLength: 10 })
const pass = fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(1, 60, 400, 1500, 5000, 20_000) })
const jump = fc.record({
  do: fc.constant('jump' as const),
  process: fc.nat({ max: 1 }),
  ms: fc.constantFrom(-3_600_000, -400, 400, 5000, 3_600_000),
})
const pause = fc.record({ do: fc.constant('pause' as const), ms: fc.constantFrom(500, 8000) })

const jobLife = fc
  .record({
    waitMs: fc.integer({ min: 0, max: 4000 }),
    runMs: fc.integer({ min: 0, max: 6000 }),
    end: fc.constantFrom('DONE', 'BROKEN', 'KILLED', 'ODD'),
  })
  .map(
    ({ waitMs, runMs, end }): Life => ({
      states: {
        WAITING: 'pending',
        RUNNING: 'running',
        DONE: 'succeeded',
        BROKEN: 'failed',
        KILLED: 'canceled',
        ODD: 'unknown',
      },
      course: [
        { state: 'WAITING', forMs: waitMs },
        { state: 'RUNNING', forMs: runMs },
        { state: end, forMs: 0 },
      ],
      verbs: { cancel: { through: null, to: 'KILLED', forMs: waitMs % 700 } },
      ended: ['DONE', 'BROKEN', 'KILLED', 'ODD'],
    }),
  )

const environmentLife = fc
  .record({
    makeMs: fc.integer({ min: 0, max: 5000 }),
    takesMs: fc.integer({ min: 0, max: 3000 }),
    settles: fc.constantFrom('UP', 'UP', 'UP', 'BROKEN', 'NEEDS'),
  })
  .map(
    ({ makeMs, takesMs, settles }): Life => ({
      states: {
        ...{ MAKING: 'provisioning', UP: 'running', GOING_DOWN: 'stopping', DOWN: 'stopped', COMING_UP: 'starting' },
        ...{ BROKEN: 'failed', NEEDS: 'blocked', LEAVING: 'deleting' },
      },
      course: [
        { state: 'MAKING', forMs: makeMs },
        { state: settles, forMs: 0 },
      ],
      verbs: {
        start: { through: 'COMING_UP', to: 'UP', forMs: takesMs },
        stop: { through: 'GOING_DOWN', to: 'DOWN', forMs: takesMs },
        delete: { through: 'LEAVING', to: null, forMs: takesMs },
      },
      ended: [],
    }),
  )

const jobStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: pass },
  { weight: 1, arbitrary: pause },
  { weight: 1, arbitrary: jump },
  { weight: 2, arbitrary: fc.constant({ do: 'request' as const, desired: 'cancel' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('force' as const),
      state: fc.constantFrom('RUNNING', 'WAITING', 'NEVER_HEARD_OF', 'DONE', null),
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
  { weight: 4, arbitrary: pass },
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
      state: fc.constantFrom('UP', 'DOWN', 'BROKEN', 'NEEDS', 'NEVER_HEARD_OF', null),
    }),
  },
)

export function stories(kind: Kind): fc.Arbitrary<Story> {
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
    life: isJob ? jobLife : environmentLife,
    findsLate: fc.boolean(),
    neighbours: fc.array(fc.boolean(), { maxLength: 2 }),
    hasEnvironment: isJob ? fc.boolean() : fc.constant(false),
    fates: fc.record({ create: fates, find: fates, read: fates, control: fates }),
    writes,
    stallsMs: fc.array(fc.constantFrom(0, 0, 300, 800, 6000), { maxLength: 3 }),
    wallSkewsMs: fc.array(fc.constantFrom(0, 0, -5000, 5000), { minLength: 1, maxLength: 2 }),
    steps: fc.array(isJob ? jobStep : environmentStep, { minLength: 1, maxLength: 12 }),
  })
}
