import { describe, expect, it } from 'vitest'
import type { Fixture } from '../fixture.ts'
import { failureOf, isMissing, signal, skipNote } from '../subject.ts'

/** `verify` and the opening of a connection. */
export function describeConnection(fixture: Fixture): void {
  const { harness } = fixture

  describe('connection', () => {
    it('verifies valid credentials without creating an object', async () => {
      const before = fixture.sandbox.objects(harness.sandbox).length
      await fixture.connection.provider.verify(signal)
      expect(fixture.sandbox.objects(harness.sandbox)).toHaveLength(before)
    })

    it.each(harness.wrongFields)('reports $reportedField for a wrong $path', async ({ path, value, reportedField }) => {
      const [part = '', name = ''] = path.split('.')
      const { provider } = fixture.open({ [part]: { [name]: value } })
      const error = await failureOf(provider.verify(signal))
      expect(error.field).toBe(reportedField)
      expect(['unauthenticated', 'permission_denied', 'not_found', 'invalid_request']).toContain(error.code)
    })

    it.skipIf(isMissing(harness.clockField))(
      `reports a skewed clock by its field${skipNote(harness.clockField)}`,
      async () => {
        fixture.sandbox.faults.add({ kind: 'clock_offset', offsetMs: 20 * 60_000 })
        const error = await failureOf(fixture.connection.provider.verify(signal))
        const { field } = harness.clockField as { field: string }
        expect(error).toMatchObject({ code: 'unauthenticated', field })
      },
    )

    it('fails verification if the provider refuses connections', async () => {
      const { provider } = fixture.open({ settings: harness.settings('http://127.0.0.1:1', fixture.account) })
      expect(await failureOf(provider.verify(signal))).toMatchObject({ code: 'unavailable', notSent: true })
    })

    it('sends its calls through the proxy of the connection', async () => {
      await fixture.connection.provider.verify(signal)
      expect(fixture.accepted()).toEqual({ proxied: expect.toSatisfy((count: number) => count > 0), direct: 0 })
    })

    it('opens without a request, and its scope contains no secret', () => {
      const { provider, tap } = fixture.open()
      expect(Object.keys(provider.drivers).sort()).toEqual(Object.keys(harness.kinds).sort())
      expect(tap.requests).toEqual([])
      const scope = JSON.stringify(harness.provider.scope(harness.settings(fixture.url, fixture.account)))
      for (const secret of Object.values(harness.credentials(fixture.account)))
        expect(scope).not.toContain(String(secret))
    })
  })
}
