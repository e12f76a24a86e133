import { describe, expect, it } from 'vitest'
import { judge, type Lists, type RecordRow } from '../../chaos/verifier.ts'

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

function findingsOf(row: RecordRow, more: Partial<Lists> = {}) {
  const told = [{ key: 'load-1', provider: row.provider, ids: [row.id] }]
  return judge({
    told,
    rows: [row],
    objects: [],
    undecidable: [],
    unsound: [],
    feed: { written: [], told: [], posted: [] },
    ...more,
  }).findings.map(({ what }) => what)
}

describe('the judge of a chaos run', () => {
  it.for(['failed', 'canceled', 'unknown'])('counts a job as lost that is %s and never ran', (status) => {
    expect(findingsOf({ ...ended, status })).toEqual(['lost'])
  })

  it('counts an environment as lost that was wanted and never made', () => {
    expect(findingsOf({ ...ended, kind: 'environment', active: true })).toEqual(['lost'])
  })

  it('finds nothing where the client called it off before it was sent', () => {
    expect(findingsOf({ ...ended, status: 'canceled', desired: 'cancel' })).toEqual([])
  })

  it.for([
    { told: [1, 2, 3], posted: [3, 1, 2], found: [] },
    { told: [1, 3], posted: [1, 2, 3], found: ['mistold'] },
    { told: [1, 2, 2, 3], posted: [1, 2, 3], found: ['mistold'] },
    { told: [1, 3, 2], posted: [1, 2, 3], found: ['mistold'] },
    { told: [], posted: [1, 2, 3], found: ['mistold'] },
    { told: [1, 2, 3], posted: [1, 3], found: ['mistold'] },
  ])('of three events told as $told and posted as $posted finds $found', ({ told, posted, found }) => {
    const eventsOf = (seqs: readonly number[]) => seqs.map((seq) => ({ recordId: ended.id, seq }))
    const feed = { written: eventsOf([3, 1, 2]), told: eventsOf(told), posted: eventsOf(posted) }
    expect(findingsOf({ ...ended, status: 'canceled', desired: 'cancel' }, { feed })).toEqual(found)
  })

  it('fails a run whose database the doctor finds unsound', () => {
    const unsound = [{ check: 'events are numbered without gaps', workloadId: ended.id, detail: 'seq 3, events 2' }]
    expect(findingsOf({ ...ended, status: 'canceled', desired: 'cancel' }, { unsound })).toEqual(['unsound'])
  })
})
