import { describe, expect, it } from 'vitest'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { failureOf, isMissing, longMs, type Subject, signal, whyNot } from '../subject.ts'
import { makeMany } from './create-recovery.ts'

/** What a scan of the list promises. */
export function describeListing<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness } = subject

  describe('listing', () => {
    it('shows nothing where there is nothing', async () => {
      expect(await subject.listAll([])).toEqual([])
    })

    it('shows of each object what a read shows', async () => {
      const made = [await subject.make(), await subject.make(), await subject.make()]
      const ids = made.map(({ remoteId }) => remoteId)
      const seen = await subject.listAll(ids)
      expect(seen.map(({ remoteId }) => remoteId).sort()).toEqual([...ids].sort())
      for (const each of seen) {
        const look = await subject.look(each.remoteId)
        expect(each).toMatchObject({ status: look.status, rawState: look.rawState })
        // A list that shows no correlation tag says nothing about it.
        if (each.correlationTag !== undefined) expect(each.correlationTag).toBe(look.correlationTag)
      }
    })

    it('says which parts of what a read shows are not in a list', async () => {
      const { remoteId } = await subject.make()
      bench.advance(longMs)
      const look = pathsIn((await subject.look(remoteId)).payload())
      const [listed] = await subject.listAll([remoteId])
      const shown = new Set(pathsIn(listed?.payload()))
      const omits = listed?.omits ?? []
      const isOmitted = (path: string) => omits.some((each) => path === each || path.startsWith(`${each}.`))
      expect(look.filter((path) => !shown.has(path) && !isOmitted(path))).toEqual([])
      expect(omits.filter((path) => shown.has(path))).toEqual([])
    })

    it.skipIf(isMissing(harness.moreThanAPage))(
      `shows over several pages every object once${whyNot(harness.moreThanAPage)}`,
      async () => {
        const ids = (await makeMany(subject)).map(({ remoteId }) => remoteId)
        const first = await subject.driver().list({ cursor: null, watched: ids }, signal)
        expect(first.next).not.toBeNull()
        expect(first.seen.length).toBeLessThan(ids.length)
        const listed = (await subject.listAll(ids)).map(({ remoteId }) => remoteId)
        expect(listed.length).toBe(ids.length)
        expect(new Set(listed)).toEqual(new Set(ids))
      },
    )

    it.each(['error_body', 'html_body', 'truncated_json', 'empty_body'] as const)(
      'is an error, not an empty list, after %s',
      async (kind) => {
        const { remoteId } = await subject.make()
        const { lists, listing } = harness.operations
        for (const operation of listing === undefined ? lists : [listing]) {
          bench.sandbox.faults.add({ kind, status: 200, operation })
        }
        await failureOf(subject.listAll([remoteId]))
        expect(bench.sandbox.faults.fired.length).toBeGreaterThan(0)
      },
    )
  })
}

/** `spec.storage` of every field of an object; lists are not looked into. */
function pathsIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, item]) => [path + key, ...pathsIn(item, `${path}${key}.`)])
}
