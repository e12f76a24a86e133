import { describe, expect, it } from 'vitest'
import { type RecordRow, type VerifierInput, verify } from '../../chaos/verifier.ts'

const ended: RecordRow = {
  ...{
    id: 'job_1',
    kind: 'job',
    provider: 'slurm',
    correlationTag: 'sy7k2m9qd4',
    status: 'failed',
    reason: null,
    desired: 'run',
  },
  ...{ active: false, remoteId: null, isParked: false, isSettled: true },
}

function findingsOf(row: RecordRow, more: Partial<VerifierInput> = {}) {
  const submissions = [{ key: 'load-1', provider: row.provider, ids: [row.id] }]
  return verify({
    submissions,
    rows: [row],
    objects: [],
    undecidable: [],
    violations: [],
    feed: { written: [], streamed: [], posted: [] },
    ...more,
  }).findings.map(({ fault }) => fault)
}

describe('chaos verifier', () => {
  it.for(['failed', 'canceled', 'unknown'])('reports a %s job that never ran as lost', (status) => {
    expect(findingsOf({ ...ended, status })).toEqual(['lost'])
  })

  it('reports an environment that was never created as lost', () => {
    expect(findingsOf({ ...ended, kind: 'environment', active: true })).toEqual(['lost'])
  })

  it('accepts a job that was canceled before dispatch', () => {
    expect(findingsOf({ ...ended, status: 'canceled', desired: 'cancel' })).toEqual([])
  })

  it.for([
    { streamed: [1, 2, 3], posted: [3, 1, 2], found: [] },
    { streamed: [1, 3], posted: [1, 2, 3], found: ['mistold'] },
    { streamed: [1, 2, 2, 3], posted: [1, 2, 3], found: ['mistold'] },
    { streamed: [1, 3, 2], posted: [1, 2, 3], found: ['mistold'] },
    { streamed: [], posted: [1, 2, 3], found: ['mistold'] },
    { streamed: [1, 2, 3], posted: [1, 3], found: ['mistold'] },
  ])('reports $found for streamed events $streamed and posted events $posted', ({ streamed, posted, found }) => {
    const eventsOf = (seqs: readonly number[]) => seqs.map((seq) => ({ recordId: ended.id, seq }))
    const feed = { written: eventsOf([3, 1, 2]), streamed: eventsOf(streamed), posted: eventsOf(posted) }
    expect(findingsOf({ ...ended, status: 'canceled', desired: 'cancel' }, { feed })).toEqual(found)
  })

  it('reports violations found by doctor in the database', () => {
    const violations = [{ check: 'events are numbered without gaps', workloadId: ended.id, detail: 'seq 3, events 2' }]
    expect(findingsOf({ ...ended, status: 'canceled', desired: 'cancel' }, { violations })).toEqual(['unsound'])
  })
})
