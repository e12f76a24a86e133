import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate } from '../../../src/workloads/schedule/claim-round.ts'

const candidates = fc
  .array(fc.record({ project: fc.nat(4), room: fc.nat(12) }), { maxLength: 12 })
  .map((drawn) =>
    drawn.map(({ project, room }, index) => ({ connectionId: `c${index}`, projectId: `p${project}`, room })),
  )

const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0)

describe('free slots', () => {
  it('are all allocated while there is room, and none beyond it', () => {
    fc.assert(
      fc.property(fc.nat(40), candidates, (free, asked) => {
        const shares = allocate(free, asked)
        for (const { connectionId, room } of asked) expect(shares.get(connectionId) ?? 0).toBeLessThanOrEqual(room)
        expect(sum(shares.values())).toBe(Math.min(free, sum(asked.map(({ room }) => room))))
      }),
    )
  })

  it('are shared evenly by projects, however many connections each has', () => {
    fc.assert(
      fc.property(fc.nat(40), candidates, (free, asked) => {
        const shares = allocate(free, asked)
        const byProject = [...Map.groupBy(asked, ({ projectId }) => projectId).values()].map((own) => ({
          got: sum(own.map(({ connectionId }) => shares.get(connectionId) ?? 0)),
          room: sum(own.map(({ room }) => room)),
        }))
        const most = Math.max(0, ...byProject.map(({ got }) => got))
        // Who got less than another by more than one could not take more.
        for (const { got, room } of byProject) if (got < most - 1) expect(got).toBe(room)
      }),
    )
  })

  it('that do not suffice go to those who come first', () => {
    const asked = ['a', 'b', 'c'].map((id) => ({ connectionId: id, projectId: id, room: 5 }))
    expect([...allocate(2, asked)]).toEqual([
      ['a', 1],
      ['b', 1],
    ])
  })
})
