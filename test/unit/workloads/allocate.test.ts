import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate } from '../../../src/workloads/schedule/claim-round.ts'

const candidates = fc
  .array(fc.record({ project: fc.nat(4), capacity: fc.nat(12) }), { maxLength: 12 })
  .map((drawn) =>
    drawn.map(({ project, capacity }, index) => ({ connectionId: `c${index}`, projectId: `p${project}`, capacity })),
  )

const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0)

describe('free slots', () => {
  it('are all allocated, up to the room of each connection', () => {
    fc.assert(
      fc.property(fc.nat(40), candidates, (free, requested) => {
        const shares = allocate(free, requested)
        for (const { connectionId, capacity } of requested)
          expect(shares.get(connectionId) ?? 0).toBeLessThanOrEqual(capacity)
        expect(sum(shares.values())).toBe(Math.min(free, sum(requested.map(({ capacity }) => capacity))))
      }),
    )
  })

  it('are shared evenly between projects, regardless of their connections', () => {
    fc.assert(
      fc.property(fc.nat(40), candidates, (free, requested) => {
        const shares = allocate(free, requested)
        const byProject = [...Map.groupBy(requested, ({ projectId }) => projectId).values()].map((own) => ({
          allocated: sum(own.map(({ connectionId }) => shares.get(connectionId) ?? 0)),
          capacity: sum(own.map(({ capacity }) => capacity)),
        }))
        const maxAllocated = Math.max(0, ...byProject.map(({ allocated }) => allocated))
        // A project that is two or more below the maximum has used up its capacity.
        for (const { allocated, capacity } of byProject)
          if (allocated < maxAllocated - 1) expect(allocated).toBe(capacity)
      }),
    )
  })

  it('go to the first connections if they do not suffice', () => {
    const requested = ['a', 'b', 'c'].map((id) => ({ connectionId: id, projectId: id, capacity: 5 }))
    expect([...allocate(2, requested)]).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })
})
