import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readText } from '../../../clients/cli/src/input/files.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'switchyard-files-'))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

const stdin = (text: string) => Readable.from([Buffer.from(text)])

it('reads a file or standard input as text', async () => {
  const path = join(directory, 'text')
  await writeFile(path, 'größe: 1\n')
  expect(await readText(path, stdin(''))).toBe('größe: 1\n')
  expect(await readText('-', stdin('a: 1'))).toBe('a: 1')
})

it('rejects a file over the size limit without loading it', async () => {
  const path = join(directory, 'sparse')
  await writeFile(path, '')
  await truncate(path, 2 ** 40)
  await expect(readText(path, stdin(''))).rejects.toMatchObject({
    exitCode: 2,
    message: `${path} is longer than 8388608 bytes.`,
  })
})

it.each([
  ['a missing file', '/missing/job.yaml', 'ENOENT'],
  ['a directory', tmpdir(), 'EISDIR'],
])('rejects %s as invalid usage', async (_title, path, code) => {
  await expect(readText(path, stdin(''))).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(`${path} cannot be read (${code})`),
  })
})
