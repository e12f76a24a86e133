import { describe, expect, it } from 'vitest'
import type { Bench } from '../bench.ts'
import { failureOf, isMissing, signal, whyNot } from '../subject.ts'

/** What a check of a connection promises. */
export function describeConnection(bench: Bench): void {
  const { harness } = bench

  describe('connection', () => {
    it('is verified with good credentials, and nothing is made by it', async () => {
      const before = bench.sandbox.objects(harness.sandbox).length
      await bench.connection.provider.verify(signal)
      expect(bench.sandbox.objects(harness.sandbox)).toHaveLength(before)
    })

    it.each(harness.wrong)('with another $path the error names $named', async ({ path, value, named }) => {
      const [part = '', name = ''] = path.split('.')
      const { provider } = bench.open({ [part]: { [name]: value } })
      const error = await failureOf(provider.verify(signal))
      expect(error.field).toBe(named)
      expect(['unauthenticated', 'permission_denied', 'not_found', 'invalid_request']).toContain(error.code)
    })

    it.skipIf(isMissing(harness.clockField))(
      `with a clock that is wrong it is told so${whyNot(harness.clockField)}`,
      async () => {
        bench.sandbox.faults.add({ kind: 'clock_offset', offsetMs: 20 * 60_000 })
        const error = await failureOf(bench.connection.provider.verify(signal))
        const { field } = harness.clockField as { field: string }
        expect(error).toMatchObject({ code: 'unauthenticated', field })
      },
    )

    it('is not verified if nothing accepts the connection', async () => {
      const { provider } = bench.open({ settings: harness.settings('http://127.0.0.1:1', bench.account) })
      expect(await failureOf(provider.verify(signal))).toMatchObject({ code: 'unavailable', notSent: true })
    })

    it('makes its calls through the proxy of the connection', async () => {
      await bench.connection.provider.verify(signal)
      expect(bench.accepted()).toEqual({ proxied: expect.toSatisfy((count: number) => count > 0), direct: 0 })
    })

    it('is opened without a word to the provider, and has a scope without secrets', () => {
      const { provider, tap } = bench.open()
      expect(Object.keys(provider.drivers).sort()).toEqual(Object.keys(harness.kinds).sort())
      expect(tap.requests).toEqual([])
      const scope = JSON.stringify(harness.provider.scope(harness.settings(bench.url, bench.account)))
      for (const secret of Object.values(harness.credentials(bench.account)))
        expect(scope).not.toContain(String(secret))
    })
  })
}
