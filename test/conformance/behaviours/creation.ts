import { describe, expect, it } from 'vitest'
import { parentOf, placesOf } from '../../../src/providers/field-places.ts'
import type { Accepts } from '../../../src/providers/field-rule.ts'
import { checkSpec, neutralValues } from '../../../src/providers/field-rules.ts'
import { type FieldPath, fieldPaths } from '../../../src/vocabulary/field-paths.ts'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { attempt, failureOf, freshName, onlyId, type Subject, signal, textsIn } from '../subject.ts'

/** What a create promises where nothing goes wrong. */
export function describeCreation<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness, described } = subject

  describe('creation', () => {
    it('answers the id of the object, or none and it is found', async () => {
      const intent = await subject.intent()
      const { remoteId } = await subject.driver().create(intent, signal)
      const found = onlyId(await subject.find(intent))
      expect(remoteId ?? found).toBe(found)
      expect(subject.objects()).toHaveLength(1)
      expect(bench.calls(harness.operations.create)).toBe(1)
    })

    it('shows in its answer what a read shows, where it shows the object', async ({ skip }) => {
      const intent = await subject.intent()
      const { remoteId, seen } = await subject.driver().create(intent, signal)
      if (remoteId === null || seen === undefined) return skip('the answer to this create does not show the object')
      expect(seen.remoteId).toBe(remoteId)
      const look = await subject.look(remoteId)
      expect({
        status: seen.status,
        rawState: seen.rawState,
        correlationTag: seen.correlationTag ?? look.correlationTag,
      }).toEqual({
        status: look.status,
        rawState: look.rawState,
        correlationTag: look.correlationTag,
      })
    })

    it('carries the correlation tag, and a read shows it', async () => {
      const { intent, remoteId } = await subject.make()
      expect((await subject.look(remoteId)).correlationTag).toBe(intent.correlationTag)
    })

    it('tells a second object apart from the first', async () => {
      const first = await subject.make()
      const second = await subject.make()
      expect(second.remoteId).not.toBe(first.remoteId)
      expect(onlyId(await subject.find(first.intent))).toBe(first.remoteId)
      expect(onlyId(await subject.find(second.intent))).toBe(second.remoteId)
    })

    it('plans the request that it sends, the same each time', async () => {
      const intent = await subject.intent()
      const plan = subject.plan(intent)
      expect(subject.driver().plan(intent).target).toBe(plan.target)
      await subject.driver().create(intent, signal)
      await subject
        .driver()
        .create({ ...intent, ...attempt(bench) }, signal)
        .catch(() => {})
      // What may come before a planned target is the place of a region, which is discovered.
      const sent = bench.connection.tap.creations().filter(({ target }) => target.endsWith(plan.target))
      expect(sent).toHaveLength(2)
      for (const { method, headers, body } of sent) {
        expect(method).toBe(plan.method)
        expect(headers).toMatchObject(plan.headers ?? {})
        expect(JSON.parse(String(body))).toEqual(plan.body)
      }
      expect(sent[1]?.target).toBe(sent[0]?.target)
      expect(sent[1]?.body).toBe(sent[0]?.body)
    })

    it('takes a request with all that it accepts, and sends nothing that no document names', async () => {
      bench.change(bench.harness.strictRequests)
      const rules = { provider: bench.harness.provider.id, ...described }
      for (const make of [harness.fullSpec, ...(harness.alternatives ?? [])]) {
        const intent = await subject.intent(make(freshName(), bench.account))
        expect(checkSpec(rules, intent.spec)).toEqual([])
        await subject.driver().create(intent, signal)
        expect(subject.objects().map(({ creation }) => creation)).toContainEqual(subject.plan(intent).body)
      }
    })

    it('is tried with a request that gives every field that is accepted', () => {
      const { spec, fullSpec, alternatives } = harness
      const requests = [spec, fullSpec, ...(alternatives ?? [])].map((make) => make(freshName(), bench.account))
      const isTried = (path: FieldPath) =>
        requests.some((each) => placesOf(each, path).some(({ value }) => value !== undefined))
      expect(fieldPaths.filter((path) => described.accepts[path] !== undefined && !isTried(path))).toEqual([])
    })

    it('ignores no field that it accepts: without it another request is sent', async () => {
      for (const make of [harness.fullSpec, ...(harness.alternatives ?? [])]) {
        const intent = await subject.intent(make(freshName(), bench.account))
        const full = JSON.stringify(subject.plan(intent))
        for (const path of fieldPaths.filter((each) => doesMatter(described.accepts, intent.spec, each))) {
          const less = { ...intent, spec: without(intent.spec, path) }
          expect(JSON.stringify(subject.plan(less)), `${path} is sent`).not.toBe(full)
        }
      }
    })

    it('ignores no option: given alone, it is sent or refused', async () => {
      const id = bench.harness.provider.id
      const rules = { provider: id, ...described }
      const bare = await subject.intent()
      const known = JSON.stringify(subject.plan(bare))
      for (const make of [harness.fullSpec, ...(harness.alternatives ?? [])]) {
        const options = make(freshName(), bench.account).providerOptions?.[id] ?? {}
        for (const [name, value] of Object.entries(options)) {
          const providerOptions = { [id]: { ...bare.spec.providerOptions?.[id], [name]: value } }
          const spec: Spec<K> = { ...bare.spec, providerOptions }
          const isRefused = checkSpec(rules, spec).length > 0
          const isNeeded = described.needsUpdate !== undefined && described.mutableOptions?.includes(name) === true
          const isSent = JSON.stringify(subject.plan({ ...bare, spec })) !== known
          // It may say what is sent without it.
          const isSaid = typeof value === 'string' && known.includes(value)
          expect(isRefused || isNeeded || isSent || isSaid, `${name} is sent or refused`).toBe(true)
        }
      }
    })

    it('sends names, texts and amounts as they are given', async () => {
      const intent = await subject.intent(harness.fullSpec(freshName(), bench.account))
      const { target, body } = subject.plan(intent)
      const sent = [target, ...textsIn(body), ...keysIn(body)].join('\n')
      for (const path of fieldPaths.filter((each) => doesStand(described.accepts, each))) {
        const sentAs = harness.sentAs?.[path] ?? ((leaf: string) => leaf)
        for (const leaf of leavesAt(intent.spec, path)) expect(sent, path).toContain(sentAs(leaf))
      }
    })

    it('creates no second object of the same name where names are unique, else both are found', async () => {
      const { intent, remoteId } = await subject.make()
      const again = subject.driver().create({ ...intent, ...attempt(bench) }, signal)
      const { uniqueNames, exclusiveEnvironment } = described.traits
      if (!uniqueNames && !exclusiveEnvironment) {
        await again
        expect(await subject.find(intent)).toMatchObject({
          found: [{ correlationTag: intent.correlationTag }, { correlationTag: intent.correlationTag }],
        })
        return
      }
      const outcome = await again.catch((error: unknown) => error)
      // Where the name is the id, the same answer is as good as a rejection.
      if (outcome instanceof Error) expect(outcome).toMatchObject(uniqueNames ? { code: 'conflict' } : {})
      else expect(outcome).toMatchObject({ remoteId })
      expect(onlyId(await subject.find(intent))).toBe(remoteId)
      expect(subject.objects()).toHaveLength(1)
    })

    it('is sent by no one after the moment until which it may be sent', async () => {
      const intent = await subject.intent()
      for (const clock of ['at', 'monotonicMs'] as const) {
        const { sendBy } = attempt(bench)
        const past =
          clock === 'at' ? { ...sendBy, at: new Date(bench.now().getTime() - 1) } : { ...sendBy, monotonicMs: -1 }
        const error = await failureOf(subject.driver().create({ ...intent, sendBy: past }, signal))
        expect(error).toMatchObject({ code: 'timeout', notSent: true })
      }
      expect(bench.calls(harness.operations.create)).toBe(0)
      expect(await subject.find(intent)).toEqual({ absent: true })
    })
  })
}

/** Given, said to be sent, and neither required nor what it would be if it were absent. */
function doesMatter(accepts: Accepts, spec: object, path: FieldPath): boolean {
  const rule = accepts[path]
  if (rule === undefined || rule.to === '' || rule.required) return false
  const values = placesOf(spec, path).flatMap(({ value }) => (value === undefined ? [] : [JSON.stringify(value)]))
  const silent = [neutralValues[path], rule.default].map((each) => JSON.stringify(each))
  // A part of an object goes with the whole object.
  const isPart = parentOf(path) !== undefined && !path.startsWith('resources.')
  return values.length > 0 && !isPart && !values.some((each) => silent.includes(each))
}

/** Fields that are sent as they are: no words of a list, which have other names there, and no lengths of time. */
function doesStand(accepts: Accepts, path: FieldPath): boolean {
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

/** The names in a request, of which some are the client's words: a resource. */
function keysIn(request: unknown): string[] {
  if (typeof request !== 'object' || request === null) return []
  return Object.entries(request).flatMap(([key, value]) => [key, ...keysIn(value)])
}

/** The same request without what a path leads to. */
function without<S extends object>(spec: S, path: FieldPath): S {
  const less = structuredClone(spec) as Record<string, unknown>
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  const holder = steps.reduce((from, step) => from[step] as Record<string, unknown>, less)
  delete holder[last]
  return less as S
}
