import { describe, expect, it } from 'vitest'
import { kinds } from '../../../src/vocabulary/kinds.ts'
import type { Fixture } from '../fixture.ts'
import { failureOf, isMissing, makeSubject, signal, skipNote } from '../subject.ts'

const dayMs = 24 * 3_600_000
const concurrency = 6

/** Providers whose calls need a token. */
export function describeTokens(fixture: Fixture): void {
  const { tokens } = fixture.harness
  const logins = isMissing(tokens) ? [] : tokens.logins
  const loginCount = () => logins.reduce((sum, operation) => sum + fixture.calls(operation), 0)
  const [kind = 'job'] = kinds.filter((each) => fixture.harness.kinds[each] !== undefined)
  const list = () => fixture.connection.driver(kind).list({ cursor: null, watched: [] }, signal)
  const listManyTimes = () => Promise.all(Array.from({ length: concurrency }, list))

  describe.skipIf(isMissing(tokens))(`tokens${skipNote(tokens)}`, () => {
    it('requests one token for concurrent first calls', async () => {
      await listManyTimes()
      await list()
      expect(loginCount()).toBe(1)
    })

    it('renews a token once before it expires', async () => {
      await list()
      fixture.advance(dayMs - 60_000)
      await listManyTimes()
      expect(loginCount()).toBe(2)
    })

    it('renews a token once if the provider rejects it during concurrent calls', async () => {
      await list()
      fixture.sandbox.faults.add({ kind: 'clock_offset', offsetMs: dayMs + 3_600_000 })
      for (const { seen } of await listManyTimes()) expect(seen).toEqual([])
      expect(loginCount()).toBe(2)
    })

    it('renews an expired token during a create and creates one object', async () => {
      await list()
      const subject = makeSubject(fixture, kind, fixture.connection.driver(kind))
      const intent = await subject.intent()
      fixture.sandbox.faults.add({ kind: 'clock_offset', offsetMs: dayMs + 3_600_000 })
      expect((await subject.driver().create(intent, signal)).remoteId).not.toBeNull()
      expect(await subject.find(intent)).toMatchObject({ found: [{ correlationTag: intent.correlationTag }] })
      expect(subject.objects()).toHaveLength(1)
    })

    it('fails after a few logins if every token is rejected', async () => {
      await list()
      fixture.sandbox.faults.add({ kind: 'credentials', reason: 'expired' })
      const error = await failureOf(list())
      expect(['unauthenticated', 'permission_denied']).toContain(error.code)
      expect(loginCount()).toBeLessThanOrEqual(4)
    })

    it('leaves the call unsent if no token can be obtained', async () => {
      for (const operation of logins) fixture.sandbox.faults.add({ kind: 'error_before', status: 503, operation })
      expect(await failureOf(list())).toMatchObject({ code: 'unavailable', notSent: true })
    })

    it('shares one login and continues it if one of its callers aborts', async () => {
      const [operation = ''] = logins
      fixture.sandbox.faults.add({ kind: 'stall', delayMs: 200, operation, times: 1 })
      const impatient = new AbortController()
      const driver = fixture.connection.driver(kind)
      const aborted = failureOf(driver.list({ cursor: null, watched: [] }, impatient.signal))
      const patient = list()
      await fixture.untilFired()
      impatient.abort()
      expect(await aborted).toMatchObject({ code: 'timeout', notSent: true })
      expect((await patient).seen).toEqual([])
      expect(loginCount()).toBe(1)
    })
  })
}
