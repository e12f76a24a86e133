import { describe, expect, it } from 'vitest'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { failureOf, isMissing, longMs, type Subject, signal, skipNote } from '../subject.ts'
import { createMany } from './create-recovery.ts'

/** Scans of the list. */
export function describeListing<K extends Kind>(subject: Subject<K>): void {
  const { fixture, harness } = subject

  describe('listing', () => {
    it('returns an empty list if there are no objects', async () => {
      expect(await subject.listAll([])).toEqual([])
    })

    it('returns the same state as a read for each object', async () => {
      const made = [await subject.createObject(), await subject.createObject(), await subject.createObject()]
      const ids = made.map(({ remoteId }) => remoteId)
      const seen = await subject.listAll(ids)
      expect(seen.map(({ remoteId }) => remoteId).sort()).toEqual([...ids].sort())
      for (const each of seen) {
        const read = await subject.observe(each.remoteId)
        expect(each).toMatchObject({ status: read.status, rawState: read.rawState })
        // A list may omit the correlation tag.
        if (each.correlationTag !== undefined) expect(each.correlationTag).toBe(read.correlationTag)
      }
    })

    it('declares the payload paths that lists omit', async () => {
      const { remoteId } = await subject.createObject()
      fixture.advance(longMs)
      const read = pathsIn((await subject.observe(remoteId)).payload())
      const [listed] = await subject.listAll([remoteId])
      const shown = new Set(pathsIn(listed?.payload()))
      const omits = listed?.omits ?? []
      const isOmitted = (path: string) => omits.some((each) => path === each || path.startsWith(`${each}.`))
      expect(read.filter((path) => !shown.has(path) && !isOmitted(path))).toEqual([])
      expect(omits.filter((path) => shown.has(path))).toEqual([])
    })

    it.skipIf(isMissing(harness.multiPageCount))(
      `lists every object once across pages${skipNote(harness.multiPageCount)}`,
      async () => {
        const ids = (await createMany(subject)).map(({ remoteId }) => remoteId)
        const first = await subject.driver().list({ cursor: null, watched: ids }, signal)
        expect(first.next).not.toBeNull()
        expect(first.seen.length).toBeLessThan(ids.length)
        const listed = (await subject.listAll(ids)).map(({ remoteId }) => remoteId)
        expect(listed.length).toBe(ids.length)
        expect(new Set(listed)).toEqual(new Set(ids))
      },
    )

    it.each(['error_body', 'html_body', 'truncated_json', 'empty_body'] as const)(
      'fails after %s instead of returning an empty list',
      async (kind) => {
        const { remoteId } = await subject.createObject()
        const { lists, listing } = harness.operations
        for (const operation of listing === undefined ? lists : [listing]) {
          fixture.sandbox.faults.add({ kind, status: 200, operation })
        }
        await failureOf(subject.listAll([remoteId]))
        expect(fixture.sandbox.faults.fired.length).toBeGreaterThan(0)
      },
    )
  })
}

/** The path of every field of an object, such as `spec.storage`; arrays are leaves. */
function pathsIn(value: unknown, path = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value).flatMap(([key, item]) => [path + key, ...pathsIn(item, `${path}${key}.`)])
}
