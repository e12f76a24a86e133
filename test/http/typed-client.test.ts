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
/** Below the project root, so that the client resolves `openapi-fetch` like any other project. */
const dir = fileURLToPath(new URL(`node_modules/.cache/typed-client-${process.pid}/`, root))
const compile = {
  target: 'es2024',
  module: 'nodenext',
  strict: true,
  exactOptionalPropertyTypes: true,
  skipLibCheck: true,
}

/** Result of the client scenario. The client is compiled separately, so its types are not available here. */
interface ScenarioResult {
  submitted: ApiRecord
  read: ApiRecord
  listed: readonly ApiRecord[]
  canceled: ApiRecord
  notModified: unknown
  stale: object
  rejected: object
  missing: object
}

const bench = await useApiBench()

beforeAll(async () => {
  await mkdir(dir, { recursive: true })
})

afterAll(async () => {
  await rm(dir, { recursive: true, force: true })
})

it('a typed client compiles against the published contract and runs', async () => {
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

  const { runScenario } = (await import(pathToFileURL(join(dir, 'client.js')).href)) as {
    runScenario(url: string, key: string, environmentId: string): Promise<ScenarioResult>
  }
  const environment = await bench.api.ok(
    'POST',
    '/environments',
    environmentRequest({ connectionId: bench.connections.dataforest }),
  )
  const result = await runScenario(bench.url, testApiKey, environment.id)

  expect(result.submitted).toMatchObject({ name: 'typed', status: 'queued', environmentId: environment.id })
  expect(result.read).toEqual(result.submitted)
  expect(result.listed.map(({ id }) => id)).toEqual([result.submitted.id])
  expect(result.canceled.cancelRequestedAt).toEqual(expect.any(String))
  expect(result.notModified).toEqual([304, 'wait=0'])
  expect(result.stale).toMatchObject({ type: 'urn:switchyard:problem:version_mismatch', status: 412 })
  expect(result.rejected).toMatchObject({ type: 'urn:switchyard:problem:invalid_request', status: 400 })
  expect(result.missing).toMatchObject({ type: 'urn:switchyard:problem:not_found', status: 404 })
})
