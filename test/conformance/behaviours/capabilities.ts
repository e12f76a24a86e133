import { describe, expect, it } from 'vitest'
import { describeProvider } from '../../../src/capabilities/describe-provider.ts'
import type { LogChunk } from '../../../src/providers/observation.ts'
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
      const { logTimestamps = false, notImportable } = driver.traits
      expect(shown?.capabilities).toEqual({ ...has, logTimestamps, import: notImportable === undefined })
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
        // Logs that do not exist yet are not an error.
        await logOf(subject, remoteId)
        fixture.advance(longMs)
        const chunks = await logOf(subject, remoteId)
        expect(chunks.flatMap(({ text, links }) => [text ?? '', ...links.map(({ url }) => url)]).join('')).not.toBe('')
      },
    )

    const hasTimes = described.traits.logTimestamps === true
    it.skipIf(described.logs === undefined)(
      hasTimes ? 'returns the time of each line of its logs beside the text' : 'returns logs without times of lines',
      async () => {
        const { remoteId } = await subject.createObject()
        fixture.advance(longMs)
        const chunks = await logOf(subject, remoteId)
        if (hasTimes) for (const chunk of chunks) expectTimes(chunk)
        else for (const chunk of chunks) expect(chunk).not.toHaveProperty('lineTimes')
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

async function logOf<K extends Kind>({ driver }: Subject<K>, remoteId: string): Promise<LogChunk[]> {
  const chunks: LogChunk[] = []
  for (let cursor: string | null = null; ; ) {
    const chunk: LogChunk = (await driver().logs?.(remoteId, cursor, signal)) ?? { links: [] }
    chunks.push(chunk)
    if (chunk.next === undefined) return chunks
    cursor = chunk.next
  }
}

function expectTimes({ text = '', lineTimes = [] }: LogChunk): void {
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n')
  expect(lineTimes).toHaveLength(lines.length)
  for (const time of lineTimes.filter((each) => each !== null)) {
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    expect(text).not.toContain(time)
  }
}
