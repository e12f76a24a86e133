import { describe, expect, it } from 'vitest'
import { parentOf, placesOf } from '../../../src/providers/field-places.ts'
import type { Accepts } from '../../../src/providers/field-rule.ts'
import { checkSpec, neutralValues } from '../../../src/providers/field-rules.ts'
import { type FieldPath, fieldPaths } from '../../../src/vocabulary/field-paths.ts'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { attempt, failureOf, onlyId, type Subject, signal, textsIn, uniqueName } from '../subject.ts'

/** Creates without faults. */
export function describeCreation<K extends Kind>(subject: Subject<K>): void {
  const { fixture, harness, described } = subject

  describe('creation', () => {
    it('creates one object with one call and returns its id, or null', async () => {
      const intent = await subject.intent()
      const { remoteId } = await subject.driver().create(intent, signal)
      const found = onlyId(await subject.find(intent))
      expect(remoteId ?? found).toBe(found)
      expect(subject.objects()).toHaveLength(1)
      expect(fixture.calls(harness.operations.create)).toBe(1)
    })

    it('returns the same observation as a read', async ({ skip }) => {
      const intent = await subject.intent()
      const { remoteId, seen } = await subject.driver().create(intent, signal)
      if (remoteId === null || seen === undefined) return skip('the response to this create contains no observation')
      expect(seen.remoteId).toBe(remoteId)
      const read = await subject.observe(remoteId)
      expect({
        status: seen.status,
        rawState: seen.rawState,
        correlationTag: seen.correlationTag ?? read.correlationTag,
      }).toEqual({
        status: read.status,
        rawState: read.rawState,
        correlationTag: read.correlationTag,
      })
    })

    it('sends a correlation tag that a read returns', async () => {
      const { intent, remoteId } = await subject.createObject()
      expect((await subject.observe(remoteId)).correlationTag).toBe(intent.correlationTag)
    })

    it('finds two objects separately by their correlation tags', async () => {
      const first = await subject.createObject()
      const second = await subject.createObject()
      expect(second.remoteId).not.toBe(first.remoteId)
      expect(onlyId(await subject.find(first.intent))).toBe(first.remoteId)
      expect(onlyId(await subject.find(second.intent))).toBe(second.remoteId)
    })

    it('sends the planned request, identical each time', async () => {
      const intent = await subject.intent()
      const plan = subject.plan(intent)
      expect(subject.driver().plan(intent).target).toBe(plan.target)
      await subject.driver().create(intent, signal)
      await subject
        .driver()
        .create({ ...intent, ...attempt(fixture) }, signal)
        .catch(() => {})
      // A region, if discovered, precedes the planned target.
      const sent = fixture.connection.tap.creations().filter(({ target }) => target.endsWith(plan.target))
      expect(sent).toHaveLength(2)
      for (const { method, headers, body } of sent) {
        expect(method).toBe(plan.method)
        expect(headers).toMatchObject(plan.headers ?? {})
        expect(JSON.parse(String(body))).toEqual(plan.body)
      }
      expect(sent[1]?.target).toBe(sent[0]?.target)
      expect(sent[1]?.body).toBe(sent[0]?.body)
    })

    it('accepts every supported field and sends only documented ones', async () => {
      fixture.change(fixture.harness.strictRequests)
      const rules = { provider: fixture.harness.provider.id, ...described }
      for (const buildSpec of [harness.fullSpec, ...(harness.alternatives ?? [])]) {
        const intent = await subject.intent(buildSpec(uniqueName(), fixture.account))
        expect(checkSpec(rules, intent.spec)).toEqual([])
        await subject.driver().create(intent, signal)
        expect(subject.objects().map(({ creation }) => creation)).toContainEqual(subject.plan(intent).body)
      }
    })

    it('covers every accepted field in the requests of the harness', () => {
      const { spec, fullSpec, alternatives } = harness
      const requests = [spec, fullSpec, ...(alternatives ?? [])].map((buildSpec) =>
        buildSpec(uniqueName(), fixture.account),
      )
      const isCovered = (path: FieldPath) =>
        requests.some((each) => placesOf(each, path).some(({ value }) => value !== undefined))
      expect(fieldPaths.filter((path) => described.accepts[path] !== undefined && !isCovered(path))).toEqual([])
    })

    it('plans a different request without each accepted field', async () => {
      for (const buildSpec of [harness.fullSpec, ...(harness.alternatives ?? [])]) {
        const intent = await subject.intent(buildSpec(uniqueName(), fixture.account))
        const full = JSON.stringify(subject.plan(intent))
        for (const path of fieldPaths.filter((each) => isSignificant(described.accepts, intent.spec, each))) {
          const reduced = { ...intent, spec: without(intent.spec, path) }
          expect(JSON.stringify(subject.plan(reduced)), `${path} is sent`).not.toBe(full)
        }
      }
    })

    it('sends or rejects each option given alone', async () => {
      const id = fixture.harness.provider.id
      const rules = { provider: id, ...described }
      const minimal = await subject.intent()
      const bareRequest = JSON.stringify(subject.plan(minimal))
      for (const buildSpec of [harness.fullSpec, ...(harness.alternatives ?? [])]) {
        const options = buildSpec(uniqueName(), fixture.account).providerOptions?.[id] ?? {}
        for (const [name, value] of Object.entries(options)) {
          const providerOptions = { [id]: { ...minimal.spec.providerOptions?.[id], [name]: value } }
          const spec: Spec<K> = { ...minimal.spec, providerOptions }
          const isRefused = checkSpec(rules, spec).length > 0
          const isNeeded = described.needsUpdate !== undefined && described.mutableOptions?.includes(name) === true
          const isSent = JSON.stringify(subject.plan({ ...minimal, spec })) !== bareRequest
          // The value may equal what is sent without the option.
          const isAlreadySent = typeof value === 'string' && bareRequest.includes(value)
          expect(isRefused || isNeeded || isSent || isAlreadySent, `${name} is sent or refused`).toBe(true)
        }
      }
    })

    it('sends names, texts and amounts unchanged', async () => {
      const intent = await subject.intent(harness.fullSpec(uniqueName(), fixture.account))
      const { target, body } = subject.plan(intent)
      const sent = [target, ...textsIn(body), ...keysIn(body)].join('\n')
      for (const path of fieldPaths.filter((each) => isSentUnchanged(described.accepts, each))) {
        const sentAs = harness.sentAs?.[path] ?? ((leaf: string) => leaf)
        for (const leaf of leavesAt(intent.spec, path)) expect(sent, path).toContain(sentAs(leaf))
      }
    })

    it('creates one object per unique name, and finds both duplicates otherwise', async () => {
      const { intent, remoteId } = await subject.createObject()
      const duplicate = subject.driver().create({ ...intent, ...attempt(fixture) }, signal)
      const { uniqueNames, exclusiveEnvironment } = described.traits
      if (!uniqueNames && !exclusiveEnvironment) {
        await duplicate
        expect(await subject.find(intent)).toMatchObject({
          found: [{ correlationTag: intent.correlationTag }, { correlationTag: intent.correlationTag }],
        })
        return
      }
      const outcome = await duplicate.catch((error: unknown) => error)
      // If the name is the id, the same response is equivalent to a rejection.
      if (outcome instanceof Error) expect(outcome).toMatchObject(uniqueNames ? { code: 'conflict' } : {})
      else expect(outcome).toMatchObject({ remoteId })
      expect(onlyId(await subject.find(intent))).toBe(remoteId)
      expect(subject.objects()).toHaveLength(1)
    })

    it('does not send a create after its deadline', async () => {
      const intent = await subject.intent()
      for (const clock of ['at', 'monotonicMs'] as const) {
        const { sendBy } = attempt(fixture)
        const past =
          clock === 'at' ? { ...sendBy, at: new Date(fixture.now().getTime() - 1) } : { ...sendBy, monotonicMs: -1 }
        const error = await failureOf(subject.driver().create({ ...intent, sendBy: past }, signal))
        expect(error).toMatchObject({ code: 'timeout', notSent: true })
      }
      expect(fixture.calls(harness.operations.create)).toBe(0)
      expect(await subject.find(intent)).toEqual({ absent: true })
    })
  })
}

/** Whether the spec contains the field, and the field is sent, optional and not at its default. */
function isSignificant(accepts: Accepts, spec: object, path: FieldPath): boolean {
  const rule = accepts[path]
  if (rule === undefined || rule.to === '' || rule.required) return false
  const values = placesOf(spec, path).flatMap(({ value }) => (value === undefined ? [] : [JSON.stringify(value)]))
  const neutral = [neutralValues[path], rule.default].map((each) => JSON.stringify(each))
  // Nested fields are tested as part of their object.
  const isPart = parentOf(path) !== undefined && !path.startsWith('resources.')
  return values.length > 0 && !isPart && !values.some((each) => neutral.includes(each))
}

/** Whether the field is sent unchanged: no closed list of values, which the provider may rename, and no duration. */
function isSentUnchanged(accepts: Accepts, path: FieldPath): boolean {
  const rule = accepts[path]
  return (
    rule !== undefined && rule.to !== '' && rule.values === undefined && !/Seconds$|^startupScriptScope$/.test(path)
  )
}

/** Texts and numbers as text; `nfs:host:/path` may be sent as the address of an nfs volume. */
function leavesAt(spec: object, path: FieldPath): readonly string[] {
  return placesOf(spec, path).flatMap(({ value }) => {
    if (typeof value === 'number') return [String(value)]
    return typeof value === 'string' ? [value.replace(/^[a-z]+:(?!\/\/)/, '')] : []
  })
}

/** Keys of a request. Some are chosen by the client, such as resource names. */
function keysIn(request: unknown): string[] {
  if (typeof request !== 'object' || request === null) return []
  return Object.entries(request).flatMap(([key, value]) => [key, ...keysIn(value)])
}

/** A copy of the request without the field at the path. */
function without<S extends object>(spec: S, path: FieldPath): S {
  const reduced = structuredClone(spec) as Record<string, unknown>
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  const holder = steps.reduce((from, step) => from[step] as Record<string, unknown>, reduced)
  delete holder[last]
  return reduced as S
}
