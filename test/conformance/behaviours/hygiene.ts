import { describe, expect, it } from 'vitest'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { withPayload } from '../../support/observation-payloads.ts'
import { failureOf, onlyId, type Subject, signal, textsIn, uniqueName } from '../subject.ts'
import { echoing } from '../wire-tap.ts'

/** Characters of two, three and four bytes in UTF-8, without those that a vendor's rule forbids. */
const unicode = 'Größe 크기 大きさ 🚀'
const value = `${unicode} "quoted" \\ back; a=b`

/** 64 KiB of UTF-8 with everything that quoting could damage, ending in a line feed. */
function longScript(): string {
  const line = `echo "${unicode}" 'single' \\ \`back\` \t # ${'x'.repeat(64)}\n`
  const bytes = Buffer.byteLength(line)
  const lines = Math.floor(65_536 / bytes)
  return `${line.repeat(lines - 1)}# ${'y'.repeat(65_536 - bytes * (lines - 1) - 3)}\n`
}

/** Texts are sent unchanged, calls are isolated, and secrets are not disclosed. */
export function describeHygiene<K extends Kind>(subject: Subject<K>): void {
  const { fixture, harness, described } = subject
  const { accepts } = described
  const scriptField = (['script', 'startupScript'] as const).find((field) => accepts[field] !== undefined)
  const skipNoteFor = (field: string, isSupported: boolean) =>
    isSupported ? '' : ` [skipped: this driver does not support ${field}]`

  async function sentTexts(changes: object): Promise<readonly string[]> {
    const small = harness.spec(uniqueName(), fixture.account)
    // `script` and `command` exclude each other.
    const { command: _, ...plain } = small
    const spec = { ...('script' in changes ? plain : small), ...changes }
    await subject.createObject(spec as Spec<K>)
    return subject.objects().flatMap(({ creation }) => textsIn(creation))
  }

  describe('data integrity', () => {
    it.skipIf(scriptField === undefined)(
      `sends a script of 64 KiB byte for byte${skipNoteFor('script', scriptField !== undefined)}`,
      async () => {
        const script = longScript()
        expect(Buffer.byteLength(script)).toBe(65_536)
        const texts = await sentTexts({ [scriptField ?? '']: script })
        expect(texts.some((text) => text.includes(script))).toBe(true)
      },
    )

    const isDescribed = accepts.description !== undefined && accepts.description.to !== ''
    it.skipIf(!isDescribed)(
      `sends a Unicode description unchanged${skipNoteFor('description', isDescribed)}`,
      async () => {
        const texts = await sentTexts({ description: unicode })
        expect(texts.some((text) => text.includes(unicode))).toBe(true)
      },
    )

    const hasVariables = accepts.environmentVariables !== undefined
    it.skipIf(!hasVariables)(
      `sends Unicode environment variables unchanged${skipNoteFor('environmentVariables', hasVariables)}`,
      async () => {
        const startup = accepts.startupScript === undefined ? {} : { startupScript: 'env' }
        const texts = await sentTexts({ environmentVariables: { NOTE: value }, ...startup })
        expect(texts.some((text) => text.includes(value))).toBe(true)
      },
    )

    it('keeps concurrent creates separate', async () => {
      const intents = await Promise.all(Array.from({ length: 8 }, () => subject.intent()))
      const driver = subject.driver()
      const made = await Promise.all(intents.map((intent) => driver.create(intent, signal)))
      const found = await Promise.all(intents.map((intent) => subject.find(intent)))
      const ids = found.map(onlyId)
      expect(new Set(ids).size).toBe(8)
      for (const [index, { remoteId }] of made.entries()) if (remoteId !== null) expect(remoteId).toBe(ids[index])
      const reads = await Promise.all(ids.map((id) => subject.observe(id)))
      expect(reads.map(({ correlationTag }) => correlationTag)).toEqual(
        intents.map(({ correlationTag }) => correlationTag),
      )
    })

    it('finds and reads objects over a second connection', async () => {
      const { intent, remoteId } = await subject.createObject()
      const other = fixture.open().driver(subject.kind)
      expect(onlyId((await other.find([intent], signal)).get(intent.correlationTag) ?? { absent: true })).toBe(remoteId)
      const seen = await other.get(remoteId, signal)
      expect(withPayload(seen)).toEqual(withPayload(await subject.observe(remoteId)))
    })

    // The fixture searches everything that the drivers returned for secrets after each test.
    it.each([
      [400, 'json'],
      [401, 'json'],
      [403, 'text'],
      [500, 'json'],
      [500, 'text'],
      [200, 'json'],
      [200, 'text'],
    ] as const)('discloses no secret if an HTTP %i response repeats the request as %s', async (status, form) => {
      const { intent, remoteId } = await subject.createObject()
      const nextIntent = await subject.intent()
      fixture.connection.tap.alter = echoing(status, form)
      const driver = subject.driver()
      await failureOf(driver.get(remoteId, signal))
      await failureOf(driver.create(nextIntent, signal))
      await driver.find([intent], signal).catch(() => {})
      await failureOf(fixture.connection.provider.verify(signal))
      const { tap, provider } = fixture.open()
      tap.alter = echoing(status, form)
      await failureOf(provider.verify(signal))
    })
  })
}
