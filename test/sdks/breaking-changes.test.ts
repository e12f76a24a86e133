import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { forbiddenChanges, latestReleased, permitsBreakingChanges } from './released-document.ts'
import { itWith, missing } from './toolchains.ts'

const document = join(import.meta.dirname, '../../openapi/openapi.json')
const go = missing(['go'])

interface Document {
  info: { version: string }
  components: { schemas: Record<string, { properties: Record<string, object>; required?: string[] }> }
}

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switchyard-released-'))
})
afterAll(() => rm(directory, { recursive: true }))

/** Writes the document with another version and these changes. Returns its file. */
async function writeDocument(
  version: string,
  change: (schemas: Document['components']['schemas']) => void,
): Promise<string> {
  const copy: Document = JSON.parse(await readFile(document, 'utf8'))
  copy.info.version = version
  change(copy.components.schemas)
  // Concurrent tests write the same versions.
  const file = join(await mkdtemp(join(directory, 'document-')), `${version}.json`)
  await writeFile(file, JSON.stringify(copy))
  return file
}

const withoutExitCode = (version: string) => writeDocument(version, ({ Job }) => delete Job?.properties.exitCode)
const withoutQueue = (version: string) =>
  writeDocument(version, ({ JobRequest }) => delete JobRequest?.properties.queue)

itWith(go, 'the document has only changes since the last release that its version permits', async () => {
  const released = await latestReleased(join(import.meta.dirname, '../../openapi/released'))
  expect(released === null ? [] : await forbiddenChanges(released, document)).toEqual([])
})

itWith(go, 'a removed field is rejected in a patch version and permitted in a minor version of 0.x', async () => {
  const released = await writeDocument('0.2.0', () => {})
  for (const [removeField, field] of [
    [withoutExitCode, 'exitCode'],
    [withoutQueue, 'queue'],
  ] as const) {
    expect((await forbiddenChanges(released, await removeField('0.2.1'))).join('\n')).toContain(field)
    expect(await forbiddenChanges(released, await removeField('0.3.0'))).toEqual([])
  }
})

itWith(go, 'a new optional field is permitted in a patch version', async () => {
  const added = await writeDocument('0.2.2', ({ Job, JobRequest }) => {
    for (const schema of [Job, JobRequest]) if (schema) schema.properties.orbit = { type: 'string' }
  })
  expect(await forbiddenChanges(await writeDocument('0.2.0', () => {}), added)).toEqual([])
})

it('the latest release is the highest version, not the last file name', async () => {
  for (const version of ['0.2.0', '0.10.0', '0.9.1']) await writeFile(join(directory, `${version}.json`), '{}')
  expect(await latestReleased(directory)).toBe(join(directory, '0.10.0.json'))
  expect(await latestReleased(join(directory, 'none'))).toBeNull()
})

it('breaking changes require a major version from 1.0 on', () => {
  expect(permitsBreakingChanges('0.9.0', '1.0.0')).toBe(true)
  expect(permitsBreakingChanges('1.2.0', '1.3.0')).toBe(false)
  expect(permitsBreakingChanges('1.2.0', '2.0.0')).toBe(true)
  expect(permitsBreakingChanges('0.2.0', '0.2.9')).toBe(false)
})
