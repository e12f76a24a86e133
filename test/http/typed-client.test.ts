import { execFile } from 'node:child_process'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import openapiTypescript, { astToString } from 'openapi-typescript'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ApiRecord } from '../../src/commands/api-client.ts'
import { useApiBench } from '../support/api-bench.ts'
import { environmentRequest } from '../support/dataforest-account.ts'
import { testApiKey } from '../support/switchyard.ts'

const root = new URL('../../', import.meta.url)
/** Below the project, so that the client's one import is found as it would be in anybody's project. */
const dir = fileURLToPath(new URL(`node_modules/.cache/typed-client-${process.pid}/`, root))
const compile = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
}

/** What the client answers of its story; compiled apart, so its types are not known here. */
interface Story {
  submitted: ApiRecord
  read: ApiRecord
  listed: readonly ApiRecord[]
  canceled: ApiRecord
  known: unknown
  stale: object
  refused: object
  unknown: object
}

const bench = await useApiBench()

beforeAll(async () => {
  await mkdir(dir, { recursive: true })
})

afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
})

it('compiles against the published contract, and runs', { timeout: 60_000 }, async () => {
  const types = await openapiTypescript(new URL('openapi/openapi.json', root))
  await writeFile(join(dir, 'contract.d.ts'), astToString(types))
  await copyFile(new URL('fixtures/typed-client.ts', import.meta.url), join(dir, 'client.ts'))
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  const config = {
    compilerOptions: { ...compile, types: [], rewriteRelativeImportExtensions: true },
    files: ['client.ts'],
  }
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(config))
  const tsc = fileURLToPath(new URL('node_modules/typescript/bin/tsc', root))
  await promisify(execFile)(process.execPath, [tsc, '-p', dir]).catch(({ stdout }) => {
    throw new Error(`The client does not compile:\n${stdout}`)
  })

  const { tell } = (await import(pathToFileURL(join(dir, 'client.js')).href)) as {
    tell(url: string, key: string, environmentId: string): Promise<Story>
  }
  const environment = await bench.api.ok(
    'POST',
    '/environments',
    environmentRequest({ connectionId: bench.connections.dataforest }),
  )
  const story = await tell(bench.url, testApiKey, environment.id)

  expect(story.submitted).toMatchObject({ name: 'typed', status: 'queued', environmentId: environment.id })
  expect(story.read).toEqual(story.submitted)
  expect(story.listed.map(({ id }) => id)).toEqual([story.submitted.id])
  expect(story.canceled.cancelRequestedAt).toEqual(expect.any(String))
  expect(story.known).toEqual([304, 'wait=0'])
  expect(story.stale).toMatchObject({ type: 'urn:switchyard:problem:version_mismatch', status: 412 })
  expect(story.refused).toMatchObject({ type: 'urn:switchyard:problem:invalid_request', status: 400 })
  expect(story.unknown).toMatchObject({ type: 'urn:switchyard:problem:not_found', status: 404 })
})
