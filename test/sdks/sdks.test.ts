import { cp, mkdir, rm } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Sandbox } from '../../src/sandbox/server.ts'
import { startSandboxes } from '../support/sandbox-accounts.ts'
import { type Switchyard, startSwitchyard } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { type Generator, generators } from './generators.ts'
import { laterValues, startRecordingProxy } from './recording-proxy.ts'
import { type CommandContext, run } from './run-command.ts'
import { makeTenant, recordsOf } from './tenant.ts'
import { itWith, missingFor } from './toolchains.ts'
import {
  cache,
  environment,
  goProgram,
  javaLibraries,
  nodePackages,
  openapiGenerator,
  pythonPrograms,
  rustTarget,
} from './tools.ts'

let database: TestDatabase
let sandbox: Sandbox
let switchyard: Switchyard

beforeAll(async () => {
  database = await createTestDatabase()
  sandbox = await startSandboxes()
  switchyard = await startSwitchyard({ databaseUrl: database.url, redis: null })
})
afterAll(async () => {
  await switchyard.stop()
  await sandbox.close()
  await database.drop()
})

for (const generator of generators) {
  const title = `the ${generator.language} SDK of ${generator.title} compiles strictly and drives the service`
  itWith(missingFor(generator.language, generator.package.name), title, async () => {
    await expectDriven(generator, await compile(generator, await generate(generator)))
  })
}

/** Generates the SDK in an empty directory, beside the drive program. */
async function generate(generator: Generator): Promise<CommandContext> {
  const { id, language } = generator
  const libraries = language === 'TypeScript' ? await nodePackages() : cache
  const directory = join(libraries, 'work', id)
  await rm(directory, { recursive: true, force: true })
  await mkdir(join(directory, 'sdk'), { recursive: true })
  await cp(join(import.meta.dirname, id), directory, { recursive: true })
  for (const document of ['openapi.json', 'openapi-3.0.json'])
    await cp(join(import.meta.dirname, '../../openapi', document), join(directory, document))
  const path = [...(await toolPaths(generator)), process.env.PATH].join(delimiter)
  const paths = { PATH: path, PYTHONPATH: 'sdk', MYPYPATH: 'sdk', CARGO_TARGET_DIR: rustTarget }
  const env = environment({ ...paths, GOFLAGS: '-mod=mod' })
  const where = { cwd: directory, env }
  await run(generator.generate, where)
  return where
}

async function toolPaths({ language, package: { name } }: Generator): Promise<readonly string[]> {
  return [
    ...(name === 'openapi-generator-cli' ? [await openapiGenerator()] : []),
    ...(language === 'Python' ? [await pythonPrograms()] : []),
    ...(language === 'TypeScript' ? [join(await nodePackages(), 'node_modules/.bin')] : []),
    ...(name === 'oapi-codegen' ? [await goProgram('oapi-codegen')] : []),
  ]
}

/** Returns the environment in which the program runs. */
async function compile(
  { language, compile: commands }: Generator,
  { cwd, env }: CommandContext,
): Promise<CommandContext> {
  const libraries = language === 'Java' ? await javaLibraries(join(cwd, 'sdk')) : ''
  const where = { cwd, env: { ...env, CLASSPATH: ['classes', join(libraries, '*')].join(delimiter) } }
  for (const command of commands) await run(command, where)
  return where
}

async function expectDriven({ id, drive }: Generator, where: CommandContext): Promise<void> {
  const url = switchyard.service.url ?? ''
  const name = `sdk${generators.findIndex((one) => one.id === id)}`
  const tenant = await makeTenant(switchyard.api, url, sandbox, name)
  const proxy = await startRecordingProxy(url)
  const before = await recordsOf(tenant)
  const target = { url: proxy.url, key: tenant.key, name: `${name}-own`, first: name, ...tenant.ids }
  // Not an argument, since the key would appear in the process list.
  const env = { ...where.env, SDK_TARGET: JSON.stringify(target) }
  const printed = await run(drive, { ...where, env }).finally(() => proxy.close())
  expect(JSON.parse(printed)).toEqual({
    environment: ['running', 'deleted'],
    job: 'succeeded',
    hasLogs: true,
    pages: [1, 1],
    rejected: { status: 422, code: 'unsupported', pointer: '/image' },
    later: { statusReason: laterValues.statusReason, actions: laterValues.actions },
  })
  const expected = Object.entries(tenant.patches)
  expect(proxy.patches).toEqual(Object.fromEntries(expected.map(([path, { body }]) => [path, body])))
  const after = expected.map(([path, { changed }]) => [path, { ...before[path], ...changed }])
  expect(await recordsOf(tenant)).toEqual(Object.fromEntries(after))
}
