import { describe, expect, it } from 'vitest'
import { cleanSighting } from '../../../src/workloads/apply/sanitize-observation.ts'
import { shown } from '../../support/shown.ts'

const sighting = { remoteId: 'r', status: null, rawState: 'UP', payload: () => ({ word: 'UP' }) }

describe('what a provider says of an object', () => {
  it('stays as it is where a table can hold it', () => {
    const seen = { ...sighting, remoteName: 'n'.repeat(512), message: 'm'.repeat(1000), exitCode: 3 }
    expect(shown(cleanSighting(seen))).toEqual(shown(seen))
    expect(shown(cleanSighting(sighting))).toEqual(shown(sighting))
  })

  it('is cut where it goes on and on, between characters', () => {
    const seen = cleanSighting({
      ...sighting,
      rawState: 's'.repeat(10_000),
      remoteName: 'n'.repeat(10_000),
      message: `${'m'.repeat(998)}${'😀'.repeat(50)}`,
    })
    expect([seen.rawState.length, seen.remoteName?.length]).toEqual([200, 512])
    expect(seen.message).toBe(`${'m'.repeat(998)}…`)
  })

  it('has no endless list of tasks', () => {
    const task = { id: 'worker', name: 'worker', status: null }
    expect(cleanSighting({ ...sighting, tasks: Array(50_000).fill(task) }).tasks).toHaveLength(10_000)
  })

  it('loses what no table takes', () => {
    const odd = { ...sighting, rawState: 'U\0P\ud800', exitCode: 2 ** 40, endedAt: new Date(Number.NaN) }
    const payload = () => ({ word: 'U\0P\ud800' })
    expect(shown(cleanSighting({ ...odd, payload }))).toEqual({
      ...sighting,
      ...{ rawState: 'UP\ufffd', payload: { word: 'UP\ufffd' } },
    })
  })
})
