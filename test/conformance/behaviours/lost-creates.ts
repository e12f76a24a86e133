import { describe, expect, it } from 'vitest'
import type { Created } from '../../../src/providers/intent.ts'
import type { ProviderErrorCode } from '../../../src/providers/provider-error.ts'
import type { FaultInput } from '../../../src/sandbox/faults.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { failureOf, onlyId, type Subject, signal, soon } from '../subject.ts'
import { page } from '../wire-tap.ts'

const unknownCodes: readonly ProviderErrorCode[] = [
  'unavailable',
  'timeout',
  'outcome_unknown',
  'bad_response',
  'internal',
]

type Trouble = Omit<FaultInput, 'operation' | 'times'>

/** The create was executed and the answer does not say so. */
const executed: readonly (readonly [string, Trouble])[] = [
  ['an answer that never comes', { kind: 'drop_answer' }],
  ['an HTTP 500 after it was done', { kind: 'error_after', status: 500 }],
  ['an HTTP 502 after it was done', { kind: 'error_after', status: 502 }],
  ['an HTTP 503 after it was done', { kind: 'error_after', status: 503 }],
  ['an HTTP 504 after it was done', { kind: 'error_after', status: 504 }],
  ["a proxy's page", { kind: 'html_body' }],
  ["a proxy's page with HTTP 200", { kind: 'html_body', status: 200 }],
  ["a proxy's page with HTTP 400", { kind: 'html_body', status: 400 }],
  ["a proxy's page with HTTP 404", { kind: 'html_body', status: 404 }],
  ['an answer that is cut off', { kind: 'truncated_json' }],
]

/** Nothing was done, which only a documented rejection may say. */
const unexecuted: readonly (readonly [string, Trouble, readonly ProviderErrorCode[]])[] = [
  ['a connection that is reset', { kind: 'reset' }, unknownCodes],
  ['an HTTP 500', { kind: 'error_before', status: 500 }, unknownCodes],
  ['an HTTP 503', { kind: 'error_before', status: 503 }, unknownCodes],
  ['an HTTP 429', { kind: 'rate_limited' }, ['rate_limited', ...unknownCodes]],
  [
    'credentials that are refused',
    { kind: 'credentials', reason: 'forbidden' },
    ['permission_denied', 'unauthenticated', ...unknownCodes],
  ],
]

/** What a create promises where its answer is lost: never "refused" when it may have been done, and it is found. */
export function describeLostCreates<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness } = subject
  const operation = harness.operations.create

  describe('lost creates', () => {
    it.each(executed)('after %s the outcome is unknown, and the object is found', async (_name, trouble) => {
      const intent = await subject.intent()
      bench.sandbox.faults.add({ ...trouble, operation, times: 1 })
      const error = await failureOf(subject.driver().create(intent, signal))
      expect(unknownCodes).toContain(error.code)
      expect(error.notSent).toBe(false)
      expect(bench.calls(operation)).toBe(1)
      onlyId(await subject.find(intent))
    })

    it.each(unexecuted)('after %s nothing was made, and nothing is found', async (_name, trouble, codes) => {
      const intent = await subject.intent()
      bench.sandbox.faults.add({ ...trouble, operation, times: 1 })
      const error = await failureOf(subject.driver().create(intent, signal))
      expect(codes).toContain(error.code)
      expect(error.notSent).toBe(false)
      expect(bench.calls(operation)).toBe(1)
      expect(await subject.find(intent)).toEqual({ absent: true })
    })

    it('after an answer without a body the object is found', async () => {
      const intent = await subject.intent()
      bench.sandbox.faults.add({ kind: 'empty_body', operation, times: 1 })
      // Taken without an id, or not understood: both make the engine look. Or the id needs no answer.
      const outcome = await subject
        .driver()
        .create(intent, signal)
        .catch((error: unknown) => error)
      const remoteId = onlyId(await subject.find(intent))
      if (outcome instanceof Error) expect(unknownCodes).toContain((outcome as { code?: string }).code)
      else expect([null, remoteId]).toContain((outcome as Created<K>).remoteId)
    })

    it('an error in an answer with HTTP 200 is no success', async () => {
      const intent = await subject.intent()
      bench.sandbox.faults.add({ kind: 'error_body', operation, times: 1 })
      const error = await failureOf(subject.driver().create(intent, signal))
      expect(unknownCodes).toContain(error.code)
      expect(await subject.find(intent)).toEqual({ absent: true })
    })

    it('given up on by its caller it may have been done, and is found', async () => {
      const intent = await subject.intent()
      bench.sandbox.faults.add({ kind: 'stall', delayMs: 5000, operation, times: 1 })
      const caller = new AbortController()
      const failure = failureOf(subject.driver().create(intent, caller.signal))
      await bench.untilFired()
      caller.abort()
      expect(await soon(failure)).toMatchObject({ code: 'timeout', notSent: false })
      onlyId(await subject.find(intent))
    })

    it('ends as unknown at the end of its time', async () => {
      const impatient = bench.open({ timeoutMs: 250 })
      const intent = await subject.intent()
      bench.sandbox.faults.add({ kind: 'stall', delayMs: 5000, operation, times: 1 })
      const error = await failureOf(impatient.driver(subject.kind).create(intent, signal))
      expect(error).toMatchObject({ code: 'timeout', notSent: false })
      onlyId(await subject.find(intent))
    })

    it.each([400, 401, 403, 404, 409, 413, 422, 500, 502, 503, 504])(
      "a proxy's page with HTTP %i says nothing about what was done",
      async (status) => {
        const intent = await subject.intent()
        bench.connection.tap.alter = (response, { sendBy }) => (sendBy === undefined ? response : page(status)())
        const error = await failureOf(subject.driver().create(intent, signal))
        expect(unknownCodes).toContain(error.code)
        bench.connection.tap.alter = null
        onlyId(await subject.find(intent))
      },
    )

    it('is not sent if nothing accepts the connection', async () => {
      const intent = await subject.intent()
      const nobody = 'http://127.0.0.1:1'
      const settings = bench.harness.settings(nobody, bench.account)
      const error = await failureOf(bench.open({ settings }).driver(subject.kind).create(intent, signal))
      expect(error).toMatchObject({ code: 'unavailable', notSent: true })
    })

    it('is not sent after its caller gave up', async () => {
      const intent = await subject.intent()
      const error = await failureOf(subject.driver().create(intent, AbortSignal.abort()))
      expect(error).toMatchObject({ code: 'timeout', notSent: true })
      expect(bench.calls(operation)).toBe(0)
    })
  })
}
