import { describe, expect, it } from 'vitest'
import type { Control } from '../../../src/providers/driver.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { isMissing, type Subject, signal, skipNote } from '../subject.ts'
import { withUndocumentedFields } from '../wire-tap.ts'

/** Reads of one object. */
export function describeObservation<K extends Kind>(subject: Subject<K>): void {
  const { fixture, harness, described } = subject
  const states = Object.entries<string>(harness.states)
  const unforced = harness.unforcedStates ?? {}

  describe('observation', () => {
    it('maps exactly the documented states', () => {
      expect(described.states).toEqual(harness.states)
    })

    for (const [rawState, status] of states) {
      const reason = unforced[rawState]
      it.skipIf(isMissing(reason))(`maps ${rawState} to ${status}${skipNote(reason)}`, async () => {
        const { remoteId } = await subject.createObject()
        subject.forceState(remoteId, rawState)
        expect(await subject.observe(remoteId)).toMatchObject({ remoteId, rawState, status })
      })
    }

    it.skipIf(isMissing(harness.unknownState))(
      `returns an undocumented raw state without a status${skipNote(harness.unknownState)}`,
      async () => {
        const { remoteId, intent } = await subject.createObject()
        for (const rawState of ['HIBERNATING', 'constructor', 'toString']) {
          subject.forceState(remoteId, rawState)
          expect(await subject.observe(remoteId)).toMatchObject({ status: null, rawState })
        }
        expect(await subject.find(intent)).toMatchObject({ found: [{ remoteId, status: null }] })
      },
    )

    it('returns gone for an unknown id', async () => {
      const { remoteId } = await subject.createObject()
      expect(await subject.driver().get(harness.missingId(remoteId), signal)).toBe('gone')
    })

    it('sends no request path that contains an invalid id', async () => {
      const { remoteId } = await subject.createObject()
      const driver = subject.driver()
      const { tap } = fixture.connection
      const sentBefore = tap.requests.length
      const invalidIds = ['..', '%2e%2e', `../${remoteId}`, `${remoteId}/x`, `${remoteId}?x`, `${remoteId},${remoteId}`]
      for (const id of invalidIds) {
        const controls = Object.values<Control<K> | undefined>(driver.controls)
        await Promise.allSettled([driver.get(id, signal), ...controls.map((control) => control?.(id, signal))])
      }
      const targets = tap.requests.slice(sentBefore).map(({ target }) => decodeURIComponent(target))
      expect(targets.filter((target) => invalidIds.some((id) => target.includes(id)))).toEqual([])
    })

    it('returns gone for an object deleted at the provider', async () => {
      const { remoteId } = await subject.createObject()
      fixture.sandbox.remove(fixture.harness.sandbox, harness.objectId?.(remoteId) ?? remoteId)
      expect(await subject.driver().get(remoteId, signal)).toBe('gone')
    })

    it("does not return gone for a proxy's 404", async () => {
      const { remoteId } = await subject.createObject()
      fixture.sandbox.faults.add({ kind: 'html_body', status: 404, executes: false })
      const outcome = await subject
        .driver()
        .get(remoteId, signal)
        .catch((error: unknown) => error)
      expect(outcome).not.toBe('gone')
      expect(outcome).toBeInstanceOf(Error)
    })

    it('keeps unknown response fields in the payload only', async () => {
      const { intent, remoteId } = await subject.createObject()
      const { payload: _, ...plain } = await subject.observe(remoteId)
      fixture.connection.tap.alter = withUndocumentedFields
      const { payload, ...seen } = await subject.observe(remoteId)
      expect(seen).toEqual(plain)
      expect(JSON.stringify(payload())).toContain('undocumented')
      expect(await subject.find(intent)).toMatchObject({ found: [{ remoteId, status: plain.status }] })
      expect((await subject.listAll([remoteId])).map((each) => each.remoteId)).toEqual([remoteId])
    })

    it('reports times between the creation and now', async () => {
      const { remoteId } = await subject.createObject()
      const createdAt = fixture.now().getTime()
      fixture.advance(10_000)
      const { startedAt, endedAt } = await subject.observe(remoteId)
      for (const at of [startedAt, endedAt]) {
        if (at === undefined) continue
        // Some vendors truncate times to whole seconds.
        expect(at.getTime()).toBeGreaterThanOrEqual(createdAt - 1000)
        expect(at.getTime()).toBeLessThanOrEqual(fixture.now().getTime())
      }
    })
  })
}
