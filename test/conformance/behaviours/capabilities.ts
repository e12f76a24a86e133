import { describe, expect, it } from 'vitest'
import { describeProvider } from '../../../src/capabilities/describe-provider.ts'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { attempt, freshName, longMs, onlyId, type Subject, signal } from '../subject.ts'

const optional = ['logs', 'access', 'catalog', 'update', 'dryRun'] as const

/** That a driver can do what it is said to do, and no more. */
export function describeCapabilities<K extends Kind>(subject: Subject<K>): void {
  const { bench, described } = subject
  const lack = (method: (typeof optional)[number]) =>
    described[method] === undefined ? ` [skipped: this driver has no ${method}]` : ''

  describe('capabilities', () => {
    it('are described as they are, with the settings of the connection as with the sample', () => {
      const { provider, variantSettings } = bench.harness
      const settings = { ...provider.sample.settings, ...variantSettings }
      const shown = describeProvider(provider, settings).kinds[subject.kind]
      const driver = subject.driver()
      const has = Object.fromEntries(optional.map((method) => [method, typeof driver[method] === 'function']))
      expect(shown?.capabilities).toEqual(has)
      expect(shown?.actions).toEqual(Object.keys(driver.controls))
      expect(shown?.environment).toBe(driver.environment ?? 'none')
      expect(shown?.states.map(({ raw }) => raw)).toEqual(Object.keys(driver.states))
    })

    it('has traits that are lengths of time, and a correlation tag that is long enough to be told from another', () => {
      const { traits, tagLength } = described
      expect(traits.listConsistencyLagMs).toBeGreaterThanOrEqual(0)
      expect(traits.maxProcessingMs).toBeGreaterThan(0)
      expect(tagLength).toBeGreaterThanOrEqual(8)
    })

    it.skipIf(described.logs === undefined)(`shows logs from the beginning to the end${lack('logs')}`, async () => {
      const { remoteId } = await subject.make()
      const read = async () => {
        const chunks: string[] = []
        for (let cursor: string | null = null; ; ) {
          const chunk: Awaited<ReturnType<NonNullable<typeof described.logs>>> = await logsOf(remoteId, cursor)
          chunks.push(chunk.text ?? '', ...chunk.links.map(({ url }) => url))
          if (chunk.next === undefined) return chunks.join('')
          cursor = chunk.next
        }
      }
      const logsOf = (id: string, cursor: string | null) => subject.driver().logs?.(id, cursor, signal) ?? { links: [] }
      // Not there yet is no error.
      await read()
      bench.advance(longMs)
      expect(await read()).not.toBe('')
    })

    it.skipIf(described.access === undefined)(`returns access details once it runs${lack('access')}`, async () => {
      const { intent, remoteId } = await subject.make()
      expect(await subject.driver().access?.(remoteId, signal)).toMatchObject({ urls: expect.any(Array) })
      bench.advance(longMs)
      // What the create could not carry, as the engine does it.
      const { rawState, payload } = await subject.look(remoteId)
      if (subject.driver().needsUpdate?.(intent.spec, { rawState, payload: payload() }))
        await subject.driver().update?.(remoteId, intent.spec, signal)
      const access = await subject.driver().access?.(remoteId, signal)
      for (const { url } of access?.urls ?? []) expect(URL.canParse(url)).toBe(true)
      expect(access?.urls.length).toBeGreaterThan(0)
    })

    it.skipIf(described.catalog === undefined)(`shows what can be chosen from${lack('catalog')}`, async () => {
      // Engines have no call in the reference that the sandbox follows; the other lists have something in them.
      const catalog = await subject.driver().catalog?.(signal)
      expect(Object.values(catalog ?? {}).flat().length).toBeGreaterThan(0)
    })

    it.skipIf(described.dryRun === undefined)(`asks about a create and creates nothing${lack('dryRun')}`, async () => {
      const intent = await subject.intent()
      await subject.driver().dryRun?.(intent, signal)
      bench.advance(longMs)
      expect(subject.objects()).toEqual([])
      await subject.driver().create({ ...intent, ...attempt(bench) }, signal)
      expect(subject.objects()).toHaveLength(1)
    })

    const isMutable = described.update !== undefined && described.accepts.description?.mutable === true
    it.skipIf(!isMutable)(`changes a description, twice is fine, and it is still found${lack('update')}`, async () => {
      const { intent, remoteId } = await subject.make()
      bench.advance(longMs)
      const spec = { ...intent.spec, name: intent.spec.name ?? freshName(), description: 'said anew' } as Spec<K>
      await subject.driver().update?.(remoteId, spec, signal)
      await subject.driver().update?.(remoteId, spec, signal)
      expect(JSON.stringify((await subject.look(remoteId)).payload())).toContain('said anew')
      expect(onlyId(await subject.find(intent))).toBe(remoteId)
    })
  })
}
