import { describe, expect, it } from 'vitest'
import type { Created } from '../../../src/providers/intent.ts'
import type { ProviderErrorCode } from '../../../src/providers/provider-error.ts'
import type { FaultInput } from '../../../src/sandbox/faults.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { failureOf, onlyId, type Subject, signal, within100Ms } from '../subject.ts'
import { proxyPage } from '../wire-tap.ts'

const unknownCodes: readonly ProviderErrorCode[] = [
  'unavailable',
  'timeout',
  'outcome_unknown',
  'bad_response',
  'internal',
]

type Fault = Omit<FaultInput, 'operation' | 'times'>

/** Faults after the create was executed. */
const executed: readonly (readonly [string, Fault])[] = [
  ['a lost response', { kind: 'drop_answer' }],
  ['an HTTP 500 after execution', { kind: 'error_after', status: 500 }],
  ['an HTTP 502 after execution', { kind: 'error_after', status: 502 }],
  ['an HTTP 503 after execution', { kind: 'error_after', status: 503 }],
  ['an HTTP 504 after execution', { kind: 'error_after', status: 504 }],
  ["a proxy's page", { kind: 'html_body' }],
  ["a proxy's page with HTTP 200", { kind: 'html_body', status: 200 }],
  ["a proxy's page with HTTP 400", { kind: 'html_body', status: 400 }],
  ["a proxy's page with HTTP 404", { kind: 'html_body', status: 404 }],
  ['a truncated response', { kind: 'truncated_json' }],
]

/** Faults before the create is executed. Only a documented rejection may report that. */
const unexecuted: readonly (readonly [string, Fault, readonly ProviderErrorCode[]])[] = [
  ['a reset connection', { kind: 'reset' }, unknownCodes],
  ['an HTTP 500', { kind: 'error_before', status: 500 }, unknownCodes],
  ['an HTTP 503', { kind: 'error_before', status: 503 }, unknownCodes],
  ['an HTTP 429', { kind: 'rate_limited' }, ['rate_limited', ...unknownCodes]],
  [
    'rejected credentials',
    { kind: 'credentials', reason: 'forbidden' },
    ['permission_denied', 'unauthenticated', ...unknownCodes],
  ],
]

/** Creates whose response is lost: never reported as rejected if they may have been executed, and found again. */
export function describeLostCreates<K extends Kind>(subject: Subject<K>): void {
  const { fixture, harness } = subject
  const operation = harness.operations.create

  describe('lost creates', () => {
    it.each(executed)('reports an unknown outcome after %s and finds the object', async (_name, fault) => {
      const intent = await subject.intent()
      fixture.sandbox.faults.add({ ...fault, operation, times: 1 })
      const error = await failureOf(subject.driver().create(intent, signal))
      expect(unknownCodes).toContain(error.code)
      expect(error.notSent).toBe(false)
      expect(fixture.calls(operation)).toBe(1)
      onlyId(await subject.find(intent))
    })

    it.each(unexecuted)('creates nothing after %s and reports absence', async (_name, fault, codes) => {
      const intent = await subject.intent()
      fixture.sandbox.faults.add({ ...fault, operation, times: 1 })
      const error = await failureOf(subject.driver().create(intent, signal))
      expect(codes).toContain(error.code)
      expect(error.notSent).toBe(false)
      expect(fixture.calls(operation)).toBe(1)
      expect(await subject.find(intent)).toEqual({ absent: true })
    })

    it('finds the object after an empty response', async () => {
      const intent = await subject.intent()
      fixture.sandbox.faults.add({ kind: 'empty_body', operation, times: 1 })
      // Accepted without an id or reported as an error, both of which start a recovery; or the id is known in advance.
      const outcome = await subject
        .driver()
        .create(intent, signal)
        .catch((error: unknown) => error)
      const remoteId = onlyId(await subject.find(intent))
      if (outcome instanceof Error) expect(unknownCodes).toContain((outcome as { code?: string }).code)
      else expect([null, remoteId]).toContain((outcome as Created<K>).remoteId)
    })

    it('reports an unknown outcome for an error body with HTTP 200', async () => {
      const intent = await subject.intent()
      fixture.sandbox.faults.add({ kind: 'error_body', operation, times: 1 })
      const error = await failureOf(subject.driver().create(intent, signal))
      expect(unknownCodes).toContain(error.code)
      expect(await subject.find(intent)).toEqual({ absent: true })
    })

    it('reports a timeout for an aborted create and finds the object', async () => {
      const intent = await subject.intent()
      fixture.sandbox.faults.add({ kind: 'stall', delayMs: 5000, operation, times: 1 })
      const caller = new AbortController()
      const failure = failureOf(subject.driver().create(intent, caller.signal))
      await fixture.untilFired()
      caller.abort()
      expect(await within100Ms(failure)).toMatchObject({ code: 'timeout', notSent: false })
      onlyId(await subject.find(intent))
    })

    it('reports a timeout for a stalled create and finds the object', async () => {
      const impatient = fixture.open({ timeoutMs: 250 })
      const intent = await subject.intent()
      fixture.sandbox.faults.add({ kind: 'stall', delayMs: 5000, operation, times: 1 })
      const error = await failureOf(impatient.driver(subject.kind).create(intent, signal))
      expect(error).toMatchObject({ code: 'timeout', notSent: false })
      onlyId(await subject.find(intent))
    })

    it.each([400, 401, 403, 404, 409, 413, 422, 500, 502, 503, 504])(
      "reports an unknown outcome for a proxy's page with HTTP %i",
      async (status) => {
        const intent = await subject.intent()
        fixture.connection.tap.alter = (response, { sendBy }) => (sendBy === undefined ? response : proxyPage(status)())
        const error = await failureOf(subject.driver().create(intent, signal))
        expect(unknownCodes).toContain(error.code)
        fixture.connection.tap.alter = null
        onlyId(await subject.find(intent))
      },
    )

    it('does not send the create if the provider refuses connections', async () => {
      const intent = await subject.intent()
      const unreachable = 'http://127.0.0.1:1'
      const settings = fixture.harness.settings(unreachable, fixture.account)
      const error = await failureOf(fixture.open({ settings }).driver(subject.kind).create(intent, signal))
      expect(error).toMatchObject({ code: 'unavailable', notSent: true })
    })

    it('does not send the create after the caller aborts', async () => {
      const intent = await subject.intent()
      const error = await failureOf(subject.driver().create(intent, AbortSignal.abort()))
      expect(error).toMatchObject({ code: 'timeout', notSent: true })
      expect(fixture.calls(operation)).toBe(0)
    })
  })
}
