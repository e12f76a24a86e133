import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { failureDecisionOf } from '../../../src/workloads/apply/failure-policy.ts'
import { hasOpenRequest } from '../../../src/workloads/workload.ts'
import { fuzzRuns } from '../../support/fuzz.ts'
import { runScenario, type Scenario, type ScenarioResult } from './model/run-scenario.ts'
import { scenarios } from './model/scenarios.ts'

/**
 * The real engine (decide, execute, apply, write, sweep) in one or two processes against a provider and a table in memory,
 * with lost responses, lagging lists, late execution, crashed and suspended processes, skewed and jumping clocks, and
 * changing requests. The model detects forbidden transitions, changes after the end, duplicate events and second creates.
 */
const runs = { numRuns: 5 * fuzzRuns }
const limit = { timeout: 600_000 }

const isParked = ({ row }: ScenarioResult) => row.reason === 'outcome_unknown' && row.dueAt === null
const isUnrecognized = ({ row }: ScenarioResult) => row.reason === 'unrecognized_remote_state'
/** The remote object, if the provider ever returned it. */
const visibleObject = ({ remoteObject }: ScenarioResult) => (remoteObject?.isHidden === true ? null : remoteObject)
/** A rejection by the provider ends a request. */
const rejectsActions = ({ behaviors }: Scenario) =>
  behaviors.control.some(
    ({ does, code }) => does === 'rejects' && failureDecisionOf('control', { code, notSent: false }) === 'final',
  )
/** An action that is executed after a later request appears as an external change. */
const isLate = ({ behaviors }: Scenario) =>
  behaviors.control.some(({ does, executes }) => ['fails', 'crashes'].includes(does) && executes === 'late')
/** Only client requests determine the outcome. */
const isControlledByClient = (scenario: Scenario, result: ScenarioResult) =>
  !rejectsActions(scenario) && !isLate(scenario) && !result.isChangedRemotely

function expectOnce(result: ScenarioResult): void {
  const remoteObject = visibleObject(result)
  expect(result.violations).toEqual([])
  expect(result.createCount).toBeLessThanOrEqual(1)
  // An existing object is recorded or its workload is parked; nothing is lost.
  if (remoteObject !== null && !isParked(result)) expect(result.row.remoteId).toBe(remoteObject.id)
}

/** Every status change has an event, numbered without gaps; the last event has the current status. */
function expectEvents({ row, events, statuses }: ScenarioResult): void {
  const reported = events.map(({ status }) => status)
  const changes = reported.filter((status, index) => status !== reported[index - 1])
  const isNumbered = events.every(({ seq }, index) => seq === index + 1)
  const last = { seq: events.length, status: reported.at(-1) }
  expect({ changes, isNumbered, last }).toEqual({
    changes: statuses,
    isNumbered: true,
    last: { seq: row.seq, status: row.status },
  })
}

/** The provider is idle too, so there is nothing to wait for. */
function mustHaveEnded(scenario: Scenario, result: ScenarioResult): boolean {
  const { row, remoteObject } = result
  if (isParked(result) || isUnrecognized(result) || row.reason === 'environment_not_ready') return false
  if (row.desired === 'cancel' && !rejectsActions(scenario)) return true
  return remoteObject === null || scenario.lifecycle.finalStates.includes(remoteObject.state)
}

/** The final status matches the provider, and a cancel before the create is effective. */
function expectOutcome(scenario: Scenario, result: ScenarioResult): void {
  const { row, createCount } = result
  const remoteObject = visibleObject(result)
  if (row.active) return
  if (remoteObject !== null) expect(row.status).toBe(scenario.lifecycle.states[remoteObject.state])
  if (createCount === 0 && row.desired === 'cancel') expect(['canceled', 'failed']).toContain(row.status)
}

function expectDesiredState(scenario: Scenario, result: ScenarioResult): void {
  const { row } = result
  expect([...environmentKind.settled, 'deleted']).toContain(row.status)
  if (row.active && row.remoteId !== null) expect(hasOpenRequest(row)).toBe(false)
  if (row.desired === 'delete' && !rejectsActions(scenario)) expect(row.status).toBe('deleted')
  if (row.desired !== 'delete' && isControlledByClient(scenario, result))
    expect(row.status).not.toBe(opposite[row.desired])
}

/** The status that an environment must not end in, by desired state. */
const opposite: Readonly<Record<string, string>> = { run: 'stopped', stop: 'running' }

describe('job under faults', () => {
  it('is created at most once, is never lost, and ends after the faults', limit, async () => {
    const property = fc.asyncProperty(scenarios('job'), async (scenario) => {
      const result = await runScenario(scenario)
      expectOnce(result)
      expectEvents(result)
      if (isParked(result)) expect(scenario.traits.retentionMs).toBeDefined()
      if (mustHaveEnded(scenario, result)) expect(result.row).toMatchObject({ active: false, dueAt: null })
      expectOutcome(scenario, result)
    })
    await fc.assert(property, runs)
  })
})

describe('environment under faults', () => {
  it('is created at most once, is never lost, and reaches its desired state', limit, async () => {
    const property = fc.asyncProperty(scenarios('environment'), async (scenario) => {
      const result = await runScenario(scenario)
      expectOnce(result)
      expectEvents(result)
      expect(isParked(result)).toBe(false)
      if (!isUnrecognized(result)) expectDesiredState(scenario, result)
      if (result.row.status === 'deleted') expect(visibleObject(result)).toBeNull()
    })
    await fc.assert(property, runs)
  })

  it('leaves no object if a recreating start is executed after the delete', async () => {
    const success = { does: 'succeeds', executes: 'yes', code: 'timeout', tookMs: 5, lateMs: 0 } as const
    const isLate = { ...success, does: 'fails', executes: 'late', lateMs: 3000 } as const
    const requestAction = (desired: 'run' | 'stop' | 'delete') => ({ do: 'request' as const, desired })
    const advance = (ms: number) => ({ do: 'advance' as const, ms })
    const result = await runScenario({
      kind: 'environment',
      traits: { listConsistencyLagMs: 0, maxProcessingMs: 3000, uniqueNames: false, reusesIds: true },
      lifecycle: {
        states: { UP: 'running', DOWN: 'stopped', LEAVING: 'deleting' },
        timeline: [{ state: 'UP', forMs: 0 }],
        actions: {
          start: { through: null, to: 'UP', forMs: 0 },
          stop: { through: null, to: 'DOWN', forMs: 0 },
          delete: { through: 'LEAVING', to: null, forMs: 0 },
        },
        finalStates: [],
      },
      behaviors: { create: [], find: [], read: [], control: [success, isLate] },
      ...{
        findsAfterConflict: false,
        neighbors: [],
        hasEnvironment: false,
        writes: [],
        stallsMs: [],
        wallSkewsMs: [0],
      },
      steps: [
        advance(2000),
        requestAction('stop'),
        advance(5000),
        requestAction('run'),
        advance(50),
        requestAction('delete'),
        advance(1),
      ],
    })
    expect(result).toMatchObject({ row: { status: 'deleted', reason: null }, remoteObject: null, violations: [] })
  })
})
