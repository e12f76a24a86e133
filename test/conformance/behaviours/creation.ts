import { describe, expect, it } from 'vitest'
import { checkSpec } from '../../../src/providers/field-rules.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { attempt, failureOf, freshName, onlyId, type Subject, signal } from '../subject.ts'

/** What a create promises where nothing goes wrong. */
export function describeCreation<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness, described } = subject

  describe('creation', () => {
    it('answers the id of the object, or none and it is found', async () => {
      const intent = await subject.intent()
      const { remoteId } = await subject.driver().create(intent, signal)
      const found = onlyId(await subject.find(intent))
      expect(remoteId ?? found).toBe(found)
      expect(subject.objects()).toHaveLength(1)
      expect(bench.calls(harness.operations.create)).toBe(1)
    })

    it('shows in its answer what a look shows, where it shows the object', async () => {
      const intent = await subject.intent()
      const { remoteId, seen } = await subject.driver().create(intent, signal)
      if (remoteId === null || seen === undefined) return
      expect(seen.remoteId).toBe(remoteId)
      const look = await subject.look(remoteId)
      expect({ status: seen.status, rawState: seen.rawState, mark: seen.mark ?? look.mark }).toEqual({
        status: look.status,
        rawState: look.rawState,
        mark: look.mark,
      })
    })

    it('carries the mark, and a look shows it', async () => {
      const { intent, remoteId } = await subject.make()
      expect((await subject.look(remoteId)).mark).toBe(intent.mark)
    })

    it('tells a second object apart from the first', async () => {
      const first = await subject.make()
      const second = await subject.make()
      expect(second.remoteId).not.toBe(first.remoteId)
      expect(onlyId(await subject.find(first.intent))).toBe(first.remoteId)
      expect(onlyId(await subject.find(second.intent))).toBe(second.remoteId)
    })

    it('plans the request that it sends, the same each time', async () => {
      const intent = await subject.intent()
      const plan = subject.plan(intent)
      expect(subject.driver().plan(intent).target).toBe(plan.target)
      await subject.driver().create(intent, signal)
      await subject
        .driver()
        .create({ ...intent, ...attempt(bench) }, signal)
        .catch(() => {})
      // What may come before a planned target is the place of a region, which is discovered.
      const sent = bench.connection.tap.creations().filter(({ target }) => target.endsWith(plan.target))
      expect(sent).toHaveLength(2)
      for (const { method, headers, body } of sent) {
        expect(method).toBe(plan.method)
        expect(headers).toMatchObject(plan.headers ?? {})
        expect(JSON.parse(String(body))).toEqual(plan.body)
      }
      expect(sent[1]?.target).toBe(sent[0]?.target)
      expect(sent[1]?.body).toBe(sent[0]?.body)
    })

    it('takes a request with all that it accepts, and sends nothing that no document names', async () => {
      bench.change(bench.harness.strictRequests)
      const intent = await subject.intent(harness.fullSpec(freshName(), bench.account))
      const rules = { provider: bench.harness.provider.id, ...described }
      expect(checkSpec(rules, intent.spec)).toEqual([])
      await subject.driver().create(intent, signal)
      expect(subject.objects().map(({ creation }) => creation)).toContainEqual(subject.plan(intent).body)
    })

    it('makes no second object of the same name where names are unique, else both are found', async () => {
      const { intent } = await subject.make()
      const again = subject.driver().create({ ...intent, ...attempt(bench) }, signal)
      if (described.traits.uniqueNames) {
        expect((await failureOf(again)).code).toBe('conflict')
      } else if (described.traits.exclusiveEnvironment) {
        await failureOf(again)
      } else {
        await again
        expect(await subject.find(intent)).toMatchObject({ found: [{ mark: intent.mark }, { mark: intent.mark }] })
        return
      }
      onlyId(await subject.find(intent))
    })

    it('is sent by no one after the moment until which it may be sent', async () => {
      const intent = await subject.intent()
      for (const clock of ['at', 'monotonicMs'] as const) {
        const { sendBy } = attempt(bench)
        const past =
          clock === 'at' ? { ...sendBy, at: new Date(bench.now().getTime() - 1) } : { ...sendBy, monotonicMs: -1 }
        const error = await failureOf(subject.driver().create({ ...intent, sendBy: past }, signal))
        expect(error).toMatchObject({ code: 'timeout', notSent: true })
      }
      expect(bench.calls(harness.operations.create)).toBe(0)
      expect(await subject.find(intent)).toEqual({ absent: true })
    })
  })
}
