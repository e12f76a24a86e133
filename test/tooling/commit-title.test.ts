import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const hook = fileURLToPath(new URL('../../.githooks/commit-msg', import.meta.url))
const run = promisify(execFile)

let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'commit-title-'))
})
afterAll(() => rm(dir, { recursive: true }))

/** What the hook prints; empty if it accepts the message. */
async function hookErrorFor(message: string): Promise<string> {
  const file = join(dir, `${crypto.randomUUID()}.txt`)
  await writeFile(file, message)
  return run('sh', [hook, file]).then(
    () => '',
    ({ stderr }: { stderr: string }) => stderr,
  )
}

describe('commit hook', () => {
  it.each([
    'feat(jobs): add a field',
    'fix(api)!: rename a code\n\nIt was misleading.\n',
    '# written by a tool\ndocs: address a question',
    'Merge branch main',
    'Revert "feat(jobs): add a field"',
    'fixup! feat(jobs): add a field',
    `test: ${'x'.repeat(66)}`,
  ])('accepts %j', async (message) => {
    expect(await hookErrorFor(message)).toBe('')
  })

  it.each([
    ['add a field', 'form'],
    ['feature(jobs): add a field', 'form'],
    ['feat(Jobs): add a field', 'form'],
    ['feat(jobs):add a field', 'form'],
    ['', 'form'],
    [`test: ${'x'.repeat(67)}`, 'longer than 72'],
    ['feat(jobs): added a field', 'not imperative'],
    ['fix: fixes a typo', 'not imperative'],
    ['docs: adding a page', 'not imperative'],
    ['docs: add a page.', 'period'],
  ])('rejects %j with the message %j', async (message, reason) => {
    expect(await hookErrorFor(message)).toContain(reason)
  })
})
