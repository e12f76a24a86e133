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
    ends: ['succeeded', 'failed', 'canceled', 'unknown'],
  },
  {
    name: 'environment',
    table: environmentTransitions as Transitions<string>,
    kind: environmentKind,
    ends: ['deleted'],
  },
]

/** All that can follow from a status, by however many steps. */
function reachable(table: Transitions<string>, from: string): ReadonlySet<string> {
  const seen = new Set([from])
  for (const status of seen) for (const next of table[status] ?? []) seen.add(next)
  return seen
}

describe.each(tables)('the statuses of a $name', ({ table, kind, ends }) => {
  it('end where the contract says, and only there', () => {
    expect(terminalStatuses(table)).toEqual(ends)
  })

  it('can all be reached from where every one begins', () => {
    expect([...reachable(table, kind.waiting)].toSorted()).toEqual(statusesOf(table).toSorted())
  })

  it('all lead to an end', () => {
    for (const status of statusesOf(table))
      expect([...reachable(table, status)].some((next) => ends.some((end) => end === next))).toBe(true)
  })

  it('have no way out of an end, but may stay', () => {
    for (const end of ends) {
      expect(isTerminal(table, end)).toBe(true)
      for (const status of statusesOf(table)) expect(isAllowed(table, end, status)).toBe(status === end)
    }
  })

  it('are never entered from themselves in the table: staying is always legal', () => {
    for (const status of statusesOf(table)) expect(table[status]).not.toContain(status)
  })

  it('let the engine take each of its own steps', () => {
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

  it('are all words of one form', () => {
    for (const status of statusesOf(table)) expect(status).toMatch(/^[a-z]+$/)
  })
})
