import { glob, readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

const maxLines = 300

it(`test files have at most ${maxLines} lines`, async () => {
  const long: string[] = []
  for await (const path of glob('test/**/*.ts')) {
    const lines = (await readFile(path, 'utf8')).split('\n').length - 1
    if (lines > maxLines) long.push(`${path} has ${lines} lines: split it by topic`)
  }
  expect(long).toEqual([])
})

it('tests that may run concurrently poll with their own expect', async () => {
  const ambiguous: string[] = []
  for await (const path of glob('{test,clients/typescript/test}/**/*.ts')) {
    if (pollsForAnyTest(path, await readFile(path, 'utf8'))) ambiguous.push(path)
  }
  expect(ambiguous, 'use the expect of the test context, or vi.waitFor in helpers').toEqual([])
})

it.each([
  ['a.test.ts', 'it.concurrent("a", async () => {\n  await expect.poll(f).toBe(1)\n})', true],
  ['a.test.ts', 'it.concurrent("a", async ({ expect }) => {\n  await expect.poll(f).toBe(1)\n})', false],
  ['a.test.ts', 'const f = () => expect.poll(g)\nit.concurrent("a", () => f())', true],
  ['a.test.ts', 'const f = () => expect.poll(g)\nit("a", () => f())', false],
  ['a.ts', 'export const f = () => expect.poll(g)', true],
  ['a.ts', 'export const f = () => vi.waitFor(g)', false],
])('%s: %j', (path, source, isAmbiguous) => {
  expect(pollsForAnyTest(path, source)).toBe(isAmbiguous)
})

/** The global `expect.poll` belongs to "the current test", which does not exist while concurrent tests end. */
function pollsForAnyTest(path: string, source: string): boolean {
  const [helpers = '', ...tests] = `\n${source}`.split(/^(?= *it\b)/m)
  const mayBeConcurrent = /\.concurrent\b|describeOnEachQueueBackend/.test(source)
  const isHelper = !path.endsWith('.test.ts') && tests.length === 0
  if (!(mayBeConcurrent || isHelper)) return false
  const polls = (text: string) => /\bexpect\s*\.poll\b/.test(text)
  return polls(helpers) || tests.some((test) => polls(test) && !/\{[^}]*\bexpect\b[^}]*\}\) =>/.test(test))
}
