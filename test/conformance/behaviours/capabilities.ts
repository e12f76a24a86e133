import { describe, expect, it } from 'vitest'
import { describeProvider } from '../../../src/capabilities/describe-provider.ts'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { attempt, longMs, onlyId, type Subject, signal, uniqueName } from '../subject.ts'

const optional = ['logs', 'access', 'catalog', 'update', 'dryRun'] as const

/** What a driver declares must match what it does. */
export function describeCapabilities<K extends Kind>(subject: Subject<K>): void {
  const { fixture, described } = subject
  const skipNoteFor = (method: (typeof optional)[number]) =>
    described[method] === undefined ? ` [skipped: this driver has no ${method}]` : ''

  describe('capabilities', () => {
    it('describes the same capabilities, actions and states as the opened driver', () => {
      const { provider, variantSettings } = fixture.harness
      const settings = { ...provider.sample.settings, ...variantSettings }
      const shown = describeProvider(provider, settings).kinds[subject.kind]
      const driver = subject.driver()
      const has = Object.fromEntries(optional.map((method) => [method, typeof driver[method] === 'function']))
      expect(shown?.capabilities).toEqual(has)
      expect(shown?.actions).toEqual(Object.keys(driver.controls))
      expect(shown?.environment).toBe(driver.environment ?? 'none')
      expect(shown?.states.map(({ raw }) => raw)).toEqual(Object.keys(driver.states))
    })

    it('declares non-negative durations and a correlation tag of at least 8 characters', () => {
      const { traits, tagLength } = described
      expect(traits.listConsistencyLagMs).toBeGreaterThanOrEqual(0)
      expect(traits.maxProcessingMs).toBeGreaterThan(0)
      expect(tagLength).toBeGreaterThanOrEqual(8)
    })

    it.skipIf(described.logs === undefined)(
      `reads early logs without an error and a finished job's logs with content${skipNoteFor('logs')}`,
      async () => {
        const { remoteId } = await subject.createObject()
        const read = async () => {
          const chunks: string[] = []
          for (let cursor: string | null = null; ; ) {
            const chunk: Awaited<ReturnType<NonNullable<typeof described.logs>>> = await logsOf(remoteId, cursor)
            chunks.push(chunk.text ?? '', ...chunk.links.map(({ url }) => url))
            if (chunk.next === undefined) return chunks.join('')
            cursor = chunk.next
          }
        }
        const logsOf = (id: string, cursor: string | null) =>
          subject.driver().logs?.(id, cursor, signal) ?? { links: [] }
        // Logs that do not exist yet are not an error.
        await read()
        fixture.advance(longMs)
        expect(await read()).not.toBe('')
      },
    )

    it.skipIf(described.access === undefined)(
      `returns access details, with valid URLs once the object runs${skipNoteFor('access')}`,
      async () => {
        const { intent, remoteId } = await subject.createObject()
        expect(await subject.driver().access?.(remoteId, signal)).toMatchObject({ urls: expect.any(Array) })
        fixture.advance(longMs)
        // As the engine does, send in an update what the create could not contain.
        const { rawState, payload } = await subject.observe(remoteId)
        if (subject.driver().needsUpdate?.(intent.spec, { rawState, payload: payload() }))
          await subject.driver().update?.(remoteId, intent.spec, signal)
        const access = await subject.driver().access?.(remoteId, signal)
        for (const { url } of access?.urls ?? []) expect(URL.canParse(url)).toBe(true)
        expect(access?.urls.length).toBeGreaterThan(0)
      },
    )

    it.skipIf(described.catalog === undefined)(`returns a non-empty catalog${skipNoteFor('catalog')}`, async () => {
      // The emulated API reference has no operation that lists engines; the other lists must not be empty.
      const catalog = await subject.driver().catalog?.(signal)
      expect(Object.values(catalog ?? {}).flat().length).toBeGreaterThan(0)
    })

    it.skipIf(described.dryRun === undefined)(
      `dry-runs a create without creating an object${skipNoteFor('dryRun')}`,
      async () => {
        const intent = await subject.intent()
        await subject.driver().dryRun?.(intent, signal)
        fixture.advance(longMs)
        expect(subject.objects()).toEqual([])
        await subject.driver().create({ ...intent, ...attempt(fixture) }, signal)
        expect(subject.objects()).toHaveLength(1)
      },
    )

    const isMutable = described.update !== undefined && described.accepts.description?.mutable === true
    it.skipIf(!isMutable)(
      `updates the description repeatedly and still finds the object${skipNoteFor('update')}`,
      async () => {
        const { intent, remoteId } = await subject.createObject()
        fixture.advance(longMs)
        const spec = {
          ...intent.spec,
          name: intent.spec.name ?? uniqueName(),
          description: 'a new description',
        } as Spec<K>
        await subject.driver().update?.(remoteId, spec, signal)
        await subject.driver().update?.(remoteId, spec, signal)
        expect(JSON.stringify((await subject.observe(remoteId)).payload())).toContain('a new description')
        expect(onlyId(await subject.find(intent))).toBe(remoteId)
      },
    )
  })
}
