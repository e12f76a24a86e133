import { describe, expect, it } from 'vitest'
import type { Kind, Spec } from '../../../src/vocabulary/kinds.ts'
import { shown } from '../../support/shown.ts'
import { failureOf, freshName, onlyId, type Subject, signal, textsIn } from '../subject.ts'
import { echoing } from '../wire-tap.ts'

/** In each script of two, three and four bytes of UTF-8; without the characters that some vendor's rule forbids. */
const unicode = 'Größe 크기 大きさ 🚀'
const value = `${unicode} "quoted" \\ back; a=b`

/** 64 KiB of UTF-8 with everything in it that quoting could spoil, ending in a line feed. */
function longScript(): string {
  const line = `echo "${unicode}" 'single' \\ \`back\` \t # ${'x'.repeat(64)}\n`
  const bytes = Buffer.byteLength(line)
  const lines = Math.floor(65_536 / bytes)
  return `${line.repeat(lines - 1)}# ${'y'.repeat(65_536 - bytes * (lines - 1) - 3)}\n`
}

/** What keeps texts whole, calls apart and secrets inside. */
export function describeHygiene<K extends Kind>(subject: Subject<K>): void {
  const { bench, harness, described } = subject
  const { accepts } = described
  const scriptField = (['script', 'startupScript'] as const).find((field) => accepts[field] !== undefined)
  const lackOf = (field: string, isThere: boolean) => (isThere ? '' : ` [skipped: this driver takes no ${field}]`)

  async function kept(changes: object): Promise<readonly string[]> {
    const small = harness.spec(freshName(), bench.account)
    // A script and a command exclude each other.
    const { command: _, ...plain } = small
    const spec = { ...('script' in changes ? plain : small), ...changes }
    await subject.make(spec as Spec<K>)
    return subject.objects().flatMap(({ creation }) => textsIn(creation))
  }

  describe('hygiene', () => {
    it.skipIf(scriptField === undefined)(
      `brings a script of 64 KiB byte for byte${lackOf('script', scriptField !== undefined)}`,
      async () => {
        const script = longScript()
        expect(Buffer.byteLength(script)).toBe(65_536)
        const texts = await kept({ [scriptField ?? '']: script })
        expect(texts.some((text) => text.includes(script))).toBe(true)
      },
    )

    const isDescribed = accepts.description !== undefined && accepts.description.to !== ''
    it.skipIf(!isDescribed)(`brings a description in any writing${lackOf('description', isDescribed)}`, async () => {
      const texts = await kept({ description: unicode })
      expect(texts.some((text) => text.includes(unicode))).toBe(true)
    })

    const hasVariables = accepts.environmentVariables !== undefined
    it.skipIf(!hasVariables)(
      `brings environment variables in any writing${lackOf('environmentVariables', hasVariables)}`,
      async () => {
        const startup = accepts.startupScript === undefined ? {} : { startupScript: 'env' }
        const texts = await kept({ environmentVariables: { NOTE: value }, ...startup })
        expect(texts.some((text) => text.includes(value))).toBe(true)
      },
    )

    it('does not mix up calls that run at the same time', async () => {
      const intents = await Promise.all(Array.from({ length: 8 }, () => subject.intent()))
      const driver = subject.driver()
      const made = await Promise.all(intents.map((intent) => driver.create(intent, signal)))
      const found = await Promise.all(intents.map((intent) => subject.find(intent)))
      const ids = found.map(onlyId)
      expect(new Set(ids).size).toBe(8)
      for (const [index, { remoteId }] of made.entries()) if (remoteId !== null) expect(remoteId).toBe(ids[index])
      const looks = await Promise.all(ids.map((id) => subject.look(id)))
      expect(looks.map(({ correlationTag }) => correlationTag)).toEqual(
        intents.map(({ correlationTag }) => correlationTag),
      )
    })

    it('keeps nothing between calls: another connection goes on where the first one ended', async () => {
      const { intent, remoteId } = await subject.make()
      const other = bench.open().driver(subject.kind)
      expect(onlyId((await other.find([intent], signal)).get(intent.correlationTag) ?? { absent: true })).toBe(remoteId)
      const seen = await other.get(remoteId, signal)
      expect(shown(seen)).toEqual(shown(await subject.look(remoteId)))
    })

    // The search for secrets is made after each test, over all that came out of the drivers.
    it.each([
      [400, 'json'],
      [401, 'json'],
      [403, 'text'],
      [500, 'json'],
      [500, 'text'],
      [200, 'json'],
      [200, 'text'],
    ] as const)('repeats no secret when a rejection with HTTP %i repeats the request, as %s', async (status, form) => {
      const { intent, remoteId } = await subject.make()
      const fresh = await subject.intent()
      bench.connection.tap.alter = echoing(status, form)
      const driver = subject.driver()
      await failureOf(driver.get(remoteId, signal))
      await failureOf(driver.create(fresh, signal))
      await driver.find([intent], signal).catch(() => {})
      await failureOf(bench.connection.provider.verify(signal))
      const { tap, provider } = bench.open()
      tap.alter = echoing(status, form)
      await failureOf(provider.verify(signal))
    })
  })
}
