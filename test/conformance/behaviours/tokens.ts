import { describe, expect, it } from 'vitest'
import { kinds } from '../../../src/vocabulary/kinds.ts'
import type { Bench } from '../bench.ts'
import { failureOf, isMissing, makeSubject, signal, whyNot } from '../subject.ts'

const dayMs = 24 * 3_600_000
const many = 6

/** What those promise that ask for a token first. */
export function describeTokens(bench: Bench): void {
  const { tokens } = bench.harness
  const logins = isMissing(tokens) ? [] : tokens.logins
  const asked = () => logins.reduce((sum, operation) => sum + bench.calls(operation), 0)
  const [kind = 'job'] = kinds.filter((each) => bench.harness.kinds[each] !== undefined)
  const list = () => bench.connection.driver(kind).list({ cursor: null, watched: [] }, signal)
  const listManyTimes = () => Promise.all(Array.from({ length: many }, list))

  describe.skipIf(isMissing(tokens))(`tokens${whyNot(tokens)}`, () => {
    it('are asked for once by all who need the first', async () => {
      await listManyTimes()
      await list()
      expect(asked()).toBe(1)
    })

    it('are renewed before they end, once for all', async () => {
      await list()
      bench.advance(dayMs - 60_000)
      await listManyTimes()
      expect(asked()).toBe(2)
    })

    it('that the provider holds to have ended are renewed in the middle of a call, once for all', async () => {
      await list()
      bench.sandbox.faults.add({ kind: 'clock_offset', offsetMs: dayMs + 3_600_000 })
      for (const { seen } of await listManyTimes()) expect(seen).toEqual([])
      expect(asked()).toBe(2)
    })

    it('that ended in the middle make a create neither lost nor twofold', async () => {
      await list()
      const subject = makeSubject(bench, kind, bench.connection.driver(kind))
      const intent = await subject.intent()
      bench.sandbox.faults.add({ kind: 'clock_offset', offsetMs: dayMs + 3_600_000 })
      expect((await subject.driver().create(intent, signal)).remoteId).not.toBeNull()
      expect(await subject.find(intent)).toMatchObject({ found: [{ correlationTag: intent.correlationTag }] })
      expect(subject.objects()).toHaveLength(1)
    })

    it('that are refused again and again end in an error, not in a circle', async () => {
      await list()
      bench.sandbox.faults.add({ kind: 'credentials', reason: 'expired' })
      const error = await failureOf(list())
      expect(['unauthenticated', 'permission_denied']).toContain(error.code)
      expect(asked()).toBeLessThanOrEqual(4)
    })

    it('that cannot be had leave the call unsent', async () => {
      for (const operation of logins) bench.sandbox.faults.add({ kind: 'error_before', status: 503, operation })
      expect(await failureOf(list())).toMatchObject({ code: 'unavailable', notSent: true })
    })

    it('are asked for on behalf of all: one who gives up does not take them from the others', async () => {
      const [operation = ''] = logins
      bench.sandbox.faults.add({ kind: 'stall', delayMs: 200, operation, times: 1 })
      const impatient = new AbortController()
      const driver = bench.connection.driver(kind)
      const given = failureOf(driver.list({ cursor: null, watched: [] }, impatient.signal))
      const patient = list()
      await bench.untilFired()
      impatient.abort()
      expect(await given).toMatchObject({ code: 'timeout', notSent: true })
      expect((await patient).seen).toEqual([])
      expect(asked()).toBe(1)
    })
  })
}
