import { describe, expect, it } from 'vitest'
import type { ProviderErrorCode } from '../../../src/providers/provider-error.ts'
import type { FaultInput } from '../../../src/sandbox/faults.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { failureOf, isMissing, type Subject, signal, skipNote, within100Ms } from '../subject.ts'
import { proxyPage } from '../wire-tap.ts'

/** Faults of every call. Which of the codes is expected depends on the vendor's own. */
const faults: readonly (readonly [string, FaultInput, readonly ProviderErrorCode[]])[] = [
  ['invalid credentials', { kind: 'credentials', reason: 'invalid' }, ['unauthenticated']],
  ['a missing permission', { kind: 'credentials', reason: 'forbidden' }, ['permission_denied']],
  ['a rate limit', { kind: 'rate_limited' }, ['rate_limited']],
  ['an HTTP 500', { kind: 'error_before', status: 500 }, ['unavailable', 'internal']],
  ['an HTTP 502', { kind: 'error_before', status: 502 }, ['unavailable']],
  ['an HTTP 503', { kind: 'error_before', status: 503 }, ['unavailable']],
  ['an HTTP 504', { kind: 'error_before', status: 504 }, ['unavailable', 'timeout']],
  ['a reset connection', { kind: 'reset' }, ['unavailable']],
  ['a lost response', { kind: 'drop_answer' }, ['unavailable']],
  ["a proxy's page with HTTP 200", { kind: 'html_body', status: 200 }, ['bad_response']],
  ["a proxy's page with HTTP 502", { kind: 'html_body', status: 502 }, ['unavailable']],
  ['a truncated response', { kind: 'truncated_json' }, ['bad_response']],
  ['an empty response', { kind: 'empty_body' }, ['bad_response']],
]

/** Codes for a status whose body is not the vendor's. */
const proxyPages: readonly (readonly [number, readonly ProviderErrorCode[]])[] = [
  [302, ['bad_response']],
  [400, ['invalid_request', 'bad_response']],
  [401, ['unauthenticated']],
  [403, ['permission_denied']],
  [404, ['bad_response']],
  [405, ['unsupported', 'bad_response']],
  [408, ['timeout']],
  [409, ['conflict', 'bad_response']],
  [413, ['invalid_request', 'bad_response']],
  [418, ['bad_response']],
  [429, ['rate_limited']],
  [500, ['unavailable', 'internal']],
  [502, ['unavailable']],
  [503, ['unavailable']],
  [504, ['timeout', 'unavailable']],
]

const definitiveCodes: readonly ProviderErrorCode[] = ['not_found', 'conflict', 'quota_exceeded', 'no_capacity']

/** Error codes of a driver's calls. */
export function describeFailure<K extends Kind>(subject: Subject<K>): void {
  const { fixture } = subject
  const { retryAfter } = fixture.harness

  describe('failures', () => {
    it.each(faults)('maps %s to the expected error code', async (_name, fault, codes) => {
      const { remoteId } = await subject.createObject()
      fixture.sandbox.faults.add(fault)
      const error = await failureOf(subject.driver().get(remoteId, signal))
      expect(codes).toContain(error.code)
      expect(error.notSent && fault.kind !== 'credentials').toBe(false)
    })

    it.each(proxyPages)("maps a proxy's page with HTTP %i to %s", async (status, codes) => {
      const { remoteId } = await subject.createObject()
      fixture.connection.tap.alter = proxyPage(status)
      const error = await failureOf(subject.driver().get(remoteId, signal))
      expect(codes).toContain(error.code)
      expect(error.httpStatus).toBe(status)
    })

    it('reports an error body with HTTP 200 without a definitive code', async () => {
      const { remoteId } = await subject.createObject()
      fixture.sandbox.faults.add({ kind: 'error_body' })
      const error = await failureOf(subject.driver().get(remoteId, signal))
      expect(definitiveCodes).not.toContain(error.code)
    })

    it.skipIf(isMissing(retryAfter))(`keeps the retry delay of a rate limit${skipNote(retryAfter)}`, async () => {
      const { remoteId } = await subject.createObject()
      fixture.sandbox.faults.add({ kind: 'rate_limited' })
      const wait = (retryAfter as { ms: number }).ms
      expect((await failureOf(subject.driver().get(remoteId, signal))).retryAfterMs).toBe(wait)
      const rejected = await failureOf(subject.driver().create(await prepareIntent(subject), signal))
      expect(rejected).toMatchObject({ code: 'rate_limited', retryAfterMs: wait })
    })

    it('ends a stalled read at its timeout', async () => {
      const { remoteId } = await subject.createObject()
      const impatient = fixture.open({ timeoutMs: 250 }).driver(subject.kind)
      fixture.sandbox.faults.add({ kind: 'stall', delayMs: 5000 })
      const startedAt = performance.now()
      expect((await failureOf(impatient.get(remoteId, signal))).code).toMatch(/^(timeout|unavailable)$/)
      expect(performance.now() - startedAt).toBeLessThan(3000)
    })

    it.each(['get', 'list', 'find'] as const)('%s ends within 100 ms after the caller aborts', async (method) => {
      const { intent, remoteId } = await subject.createObject()
      fixture.sandbox.faults.add({ kind: 'stall', delayMs: 5000 })
      const caller = new AbortController()
      const driver = subject.driver()
      const calls = {
        get: () => driver.get(remoteId, caller.signal),
        list: () => driver.list({ cursor: null, watched: [remoteId] }, caller.signal),
        find: () => driver.find([intent], caller.signal),
      }
      const failure = failureOf(calls[method]())
      await fixture.untilFired()
      caller.abort()
      expect((await within100Ms(failure)).code).toBe('timeout')
    })

    it('marks the request as not sent if the provider refuses connections', async () => {
      const { remoteId } = await subject.createObject()
      const settings = fixture.harness.settings('http://127.0.0.1:1', fixture.account)
      const error = await failureOf(fixture.open({ settings }).driver(subject.kind).get(remoteId, signal))
      expect(error).toMatchObject({ code: 'unavailable', notSent: true })
    })
  })
}

/** An intent for a provider that rate-limits every call, prepared without the fault. */
async function prepareIntent<K extends Kind>(subject: Subject<K>) {
  const { faults } = subject.fixture.sandbox
  faults.clear()
  const intent = await subject.intent()
  faults.add({ kind: 'rate_limited' })
  return intent
}
