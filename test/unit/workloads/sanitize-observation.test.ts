import { describe, expect, it } from 'vitest'
import { sanitizeObservation } from '../../../src/workloads/apply/sanitize-observation.ts'
import { withPayload } from '../../support/observation-payloads.ts'

const observation = { remoteId: 'r', status: null, rawState: 'UP', payload: () => ({ text: 'UP' }) }

describe('sanitized observation', () => {
  it('is unchanged if the table can store it', () => {
    const seen = { ...observation, remoteName: 'n'.repeat(512), message: 'm'.repeat(1000), exitCode: 3 }
    expect(withPayload(sanitizeObservation(seen))).toEqual(withPayload(seen))
    expect(withPayload(sanitizeObservation(observation))).toEqual(withPayload(observation))
  })

  it('has truncated texts without split characters', () => {
    const seen = sanitizeObservation({
      ...observation,
      rawState: 's'.repeat(10_000),
      remoteName: 'n'.repeat(10_000),
      message: `${'m'.repeat(998)}${'😀'.repeat(50)}`,
    })
    expect([seen.rawState.length, seen.remoteName?.length]).toEqual([200, 512])
    expect(seen.message).toBe(`${'m'.repeat(998)}…`)
  })

  it('has at most 10,000 tasks', () => {
    const task = { id: 'worker', name: 'worker', status: null }
    expect(sanitizeObservation({ ...observation, tasks: Array(50_000).fill(task) }).tasks).toHaveLength(10_000)
  })

  it('loses values that the table cannot store', () => {
    const unstorable = { ...observation, rawState: 'U\0P\ud800', exitCode: 2 ** 40, endedAt: new Date(Number.NaN) }
    const payload = () => ({ text: 'U\0P\ud800' })
    expect(withPayload(sanitizeObservation({ ...unstorable, payload }))).toEqual({
      ...observation,
      ...{ rawState: 'UP\ufffd', payload: { text: 'UP\ufffd' } },
    })
  })
})
