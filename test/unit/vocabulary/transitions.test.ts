import { describe, expect, it } from 'vitest'
import { environmentKind } from '../../../src/environments/environment.kind.ts'
import { jobKind } from '../../../src/jobs/job.kind.ts'
import { environmentTransitions } from '../../../src/vocabulary/environment.ts'
import { jobTransitions } from '../../../src/vocabulary/job.ts'
import {
  isAllowed,
  isTerminal,
  statusesOf,
  type Transitions,
  terminalStatuses,
} from '../../../src/vocabulary/transitions.ts'

const tables = [
  {
    name: 'job',
    table: jobTransitions as Transitions<string>,
    kind: jobKind,
    terminal: ['succeeded', 'failed', 'canceled', 'unknown'],
  },
  {
    name: 'environment',
    table: environmentTransitions as Transitions<string>,
    kind: environmentKind,
    terminal: ['deleted'],
  },
]

/** All statuses reachable from a status. */
function reachable(table: Transitions<string>, from: string): ReadonlySet<string> {
  const seen = new Set([from])
  for (const status of seen) for (const next of table[status] ?? []) seen.add(next)
  return seen
}

describe.each(tables)('statuses of a $name', ({ table, kind, terminal }) => {
  it('are terminal exactly if the contract says so', () => {
    expect(terminalStatuses(table)).toEqual(terminal)
  })

  it('are all reachable from the initial status', () => {
    expect([...reachable(table, kind.waiting)].toSorted()).toEqual(statusesOf(table).toSorted())
  })

  it('all lead to a terminal status', () => {
    for (const status of statusesOf(table))
      expect([...reachable(table, status)].some((next) => terminal.some((end) => end === next))).toBe(true)
  })

  it('do not change after a terminal status', () => {
    for (const end of terminal) {
      expect(isTerminal(table, end)).toBe(true)
      for (const status of statusesOf(table)) expect(isAllowed(table, end, status)).toBe(status === end)
    }
  })

  it('have no explicit transition to themselves', () => {
    for (const status of statusesOf(table)) expect(table[status]).not.toContain(status)
  })

  it('permit the transitions of the engine', () => {
    const steps = [
      [kind.waiting, kind.dispatchingStatus],
      [kind.dispatchingStatus, kind.waiting],
      [kind.dispatchingStatus, kind.accepted],
      [kind.dispatchingStatus, kind.rejected],
      [kind.dispatchingStatus, kind.canceledBeforeDispatch],
      [kind.waiting, kind.canceledBeforeDispatch],
    ] as const
    for (const [from, to] of steps) expect(isAllowed(table, from, to), `${from} → ${to}`).toBe(true)
  })

  it('are single lowercase words', () => {
    for (const status of statusesOf(table)) expect(status).toMatch(/^[a-z]+$/)
  })
})
