import { describe, expect, it } from 'vitest'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { failureOf, longMs, type Subject, signal, uniqueName } from '../subject.ts'

const value = 'value-of-an-imported-variable'

/** Objects that others created: their ids come from a client, and their variables may be secrets. */
export function describeImports<K extends Kind>(subject: Subject<K>): void {
  const { fixture, described } = subject
  const skipNote = described.traits.notImportable === undefined ? '' : ' [skipped: no imports]'

  describe('imports', () => {
    it.skipIf(skipNote !== '')(`reads an object by one spelling of its id only${skipNote}`, async () => {
      const { remoteId } = await subject.createObject()
      const others = [remoteId.toUpperCase(), `0${remoteId}`, `+${remoteId}`, ` ${remoteId}`, `${remoteId}.0`]
      for (const id of others.filter((other) => other !== remoteId)) {
        const seen = await subject
          .driver()
          .get(id, signal)
          .catch((error: unknown) => error)
        if (seen instanceof Error)
          expect(await failureOf(Promise.reject(seen)), id).toMatchObject({ code: 'invalid_request' })
        else if (seen !== 'gone') expect(seen, id).toMatchObject({ remoteId })
      }
    })

    it.skipIf(skipNote !== '')(`explains no id of no object${skipNote}`, async () => {
      const { remoteId } = await subject.createObject()
      expect(await subject.driver().whyGone?.(subject.harness.missingId(remoteId), signal)).toBeOneOf([null, undefined])
    })

    const hasVariables = described.accepts.environmentVariables !== undefined
    it.skipIf(!hasVariables)(
      `shows no values of variables${hasVariables ? '' : ' [skipped: no variables]'}`,
      async () => {
        const spec = subject.harness.spec(uniqueName(), fixture.account)
        const environmentVariables = { ...spec.environmentVariables, IMPORTED: value }
        const { remoteId } = await subject.createObject({ ...spec, environmentVariables } as Spec<K>)
        const shown = [await subject.observe(remoteId), ...(await subject.listAll([remoteId]))]
        fixture.advance(longMs)
        shown.push(await subject.observe(remoteId))
        for (const { payload, ...seen } of shown) expect(JSON.stringify([seen, payload()])).not.toContain(value)
      },
    )
  })
}
