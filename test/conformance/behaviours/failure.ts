import { describe, expect, it } from 'vitest'
import type { ProviderErrorCode } from '../../../src/providers/provider-error.ts'
import type { FaultInput } from '../../../src/sandbox/faults.ts'
import type { Kind } from '../../../src/vocabulary/kinds.ts'
import { failureOf, isMissing, type Subject, signal, soon, whyNot } from '../subject.ts'
import { page } from '../wire-tap.ts'

/** The vendor says so whatever it is asked; which of the codes it is depends on the vendor's own. */
const refusals: readonly (readonly [string, FaultInput, readonly ProviderErrorCode[]])[] = [
  ['credentials that are wrong', { kind: 'credentials', reason: 'invalid' }, ['unauthenticated']],
  ['a caller who may not', { kind: 'credentials', reason: 'forbidden' }, ['permission_denied']],
  ['too many requests', { kind: 'rate_limited' }, ['rate_limited']],
  ['an HTTP 500', { kind: 'error_before', status: 500 }, ['unavailable', 'internal']],
  ['an HTTP 502', { kind: 'error_before', status: 502 }, ['unavailable']],
  ['an HTTP 503', { kind: 'error_before', status: 503 }, ['unavailable']],
  ['an HTTP 504', { kind: 'error_before', status: 504 }, ['unavailable', 'timeout']],
  ['a connection that is reset', { kind: 'reset' }, ['unavailable']],
  ['an answer that never comes', { kind: 'drop_answer' }, ['unavailable']],
  ["a proxy's page with HTTP 200", { kind: 'html_body', status: 200 }, ['bad_response']],
  ["a proxy's page with HTTP 502", { kind: 'html_body', status: 502 }, ['unavailable']],
  ['an answer that is cut off', { kind: 'truncated_json' }, ['bad_response']],
  ['an answer without a body', { kind: 'empty_body' }, ['bad_response']],
]

/** What a status says where the body is nobody's. */
const pages: readonly (readonly [number, readonly ProviderErrorCode[]])[] = [
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

const notRefused: readonly ProviderErrorCode[] = ['not_found', 'conflict', 'quota_exceeded', 'no_capacity']

/** What a driver makes of a vendor that says no, or nothing, or something else. */
export function describeFailure<K extends Kind>(subject: Subject<K>): void {
  const { bench } = subject
  const { retryAfter } = bench.harness

  describe('failure', () => {
    it.each(refusals)('calls %s by its name', async (_name, trouble, codes) => {
      const { remoteId } = await subject.make()
      bench.sandbox.faults.add(trouble)
      const error = await failureOf(subject.driver().get(remoteId, signal))
      expect(codes).toContain(error.code)
      expect(error.notSent && trouble.kind !== 'credentials').toBe(false)
    })

    it.each(pages)("calls a proxy's page with HTTP %i %s, and never says gone", async (status, codes) => {
      const { remoteId } = await subject.make()
      bench.connection.tap.alter = page(status)
      const error = await failureOf(subject.driver().get(remoteId, signal))
      expect(codes).toContain(error.code)
      expect(error.httpStatus).toBe(status)
    })

    it('takes an error with HTTP 200 for an error', async () => {
      const { remoteId } = await subject.make()
      bench.sandbox.faults.add({ kind: 'error_body' })
      const error = await failureOf(subject.driver().get(remoteId, signal))
      expect(notRefused).not.toContain(error.code)
    })

    it.skipIf(isMissing(retryAfter))(`keeps how long it is asked to wait${whyNot(retryAfter)}`, async () => {
      const { remoteId } = await subject.make()
      bench.sandbox.faults.add({ kind: 'rate_limited' })
      const wait = (retryAfter as { ms: number }).ms
      expect((await failureOf(subject.driver().get(remoteId, signal))).retryAfterMs).toBe(wait)
      const refused = await failureOf(subject.driver().create(await quietly(subject), signal))
      expect(refused).toMatchObject({ code: 'rate_limited', retryAfterMs: wait })
    })

    it('ends at the end of its time', async () => {
      const { remoteId } = await subject.make()
      const impatient = bench.open({ timeoutMs: 250 }).driver(subject.kind)
      bench.sandbox.faults.add({ kind: 'stall', delayMs: 5000 })
      const startedAt = performance.now()
      expect((await failureOf(impatient.get(remoteId, signal))).code).toMatch(/^(timeout|unavailable)$/)
      expect(performance.now() - startedAt).toBeLessThan(3000)
    })

    it.each(['get', 'list', 'find'] as const)('%s ends within 100 ms when its caller gives up', async (method) => {
      const { intent, remoteId } = await subject.make()
      bench.sandbox.faults.add({ kind: 'stall', delayMs: 5000 })
      const caller = new AbortController()
      const driver = subject.driver()
      const calls = {
        get: () => driver.get(remoteId, caller.signal),
        list: () => driver.list({ cursor: null, watched: [remoteId] }, caller.signal),
        find: () => driver.find([intent], caller.signal),
      }
      const failure = failureOf(calls[method]())
      await bench.untilFired()
      caller.abort()
      expect((await soon(failure)).code).toBe('timeout')
    })

    it('has nobody to talk to if nothing accepts the connection', async () => {
      const { remoteId } = await subject.make()
      const settings = bench.harness.settings('http://127.0.0.1:1', bench.account)
      const error = await failureOf(bench.open({ settings }).driver(subject.kind).get(remoteId, signal))
      expect(error).toMatchObject({ code: 'unavailable', notSent: true })
    })
  })
}

/** An intent made while the vendor says nothing but no. */
async function quietly<K extends Kind>(subject: Subject<K>) {
  const { faults } = subject.bench.sandbox
  faults.clear()
  const intent = await subject.intent()
  faults.add({ kind: 'rate_limited' })
  return intent
}
