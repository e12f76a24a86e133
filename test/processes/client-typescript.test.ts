import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { type Serving, serveProcess } from '../support/process.ts'
import { testApiKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { expectReceiver } from '../support/webhook-example.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
/** An empty project outside of the repository. */
let project: string
let tarballs: string

beforeAll(async () => {
  tarballs = await mkdtemp(join(tmpdir(), 'switchyard-tarballs-'))
  project = await mkdtemp(join(tmpdir(), 'switchyard-project-'))
  await run(process.execPath, [join(root, 'scripts/build-clients.ts')])
  // The dependencies come as tarballs, too: the installation needs no registry.
  const folders = [join(root, 'clients/typescript'), ...(await dependenciesOf('clients/typescript'))]
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', tarballs, ...folders], { cwd: project })
  await writeFile(join(project, 'package.json'), '{"type":"module","private":true}')
  const packed = (await readdir(tarballs)).map((name) => join(tarballs, name))
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', ...packed], { cwd: project })
}, 120_000)

afterAll(async () => {
  await rm(project, { recursive: true, force: true })
  await rm(tarballs, { recursive: true, force: true })
})

/** Folders of a package's dependencies, and of theirs. */
async function dependenciesOf(path: string): Promise<readonly string[]> {
  const { dependencies = {} } = JSON.parse(await readFile(join(root, path, 'package.json'), 'utf8'))
  const direct = Object.keys(dependencies).map((name) => `node_modules/${name}`)
  const nested = await Promise.all(direct.map(dependenciesOf))
  return [...new Set([...direct.map((folder) => join(root, folder)), ...nested.flat()])]
}

describe('the package of the TypeScript client', () => {
  it('contains its build and nothing else', async () => {
    const files = await readdir(join(project, 'node_modules/@switchyard/client'), { recursive: true })
    expect(files.filter((name) => !name.startsWith('dist')).sort()).toEqual(['README.md', 'package.json'])
    expect(files).toEqual(expect.arrayContaining(['dist/index.js', 'dist/index.d.ts', 'dist/generated/api.d.ts']))
  })

  it.each([
    ['NodeNext', 'NodeNext', ['@types/node']],
    ['ESNext', 'Bundler', []],
  ] as const)('compiles with module %s, resolved as %s', async (module, moduleResolution, types) => {
    const dir = await mkdtemp(join(project, 'compiled-'))
    const source =
      types.length === 0
        ? "import { Switchyard } from '@switchyard/client'\nawait new Switchyard().jobs.get('a')\n"
        : null
    if (source === null) await cp(join(root, 'clients/typescript/test/fixtures/program.ts'), join(dir, 'program.ts'))
    else await writeFile(join(dir, 'program.ts'), source)
    const compilerOptions = {
      ...{ target: 'ES2022', lib: ['ES2022', 'DOM', 'DOM.AsyncIterable'], module, moduleResolution },
      ...{ strict: true, noUncheckedIndexedAccess: true, skipLibCheck: types.length > 0 },
      ...{ types: types.map((name) => join(root, 'node_modules', name)), outDir: join(project, 'out') },
    }
    await writeFile(join(dir, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }))
    await run(process.execPath, [tsc, '-p', dir]).catch(({ stdout }) => {
      throw new Error(`The program does not compile:\n${stdout}`)
    })
  })
})

describe('a program with the TypeScript client', () => {
  let database: TestDatabase
  let sandbox: TestSandbox
  let service: Serving

  beforeAll(async () => {
    ;[database, sandbox] = await Promise.all([createTestDatabase(), startQuickSandbox()])
    service = await serveProcess({ DATABASE_URL: database.url })
  })

  afterAll(async () => {
    await service.end()
    await sandbox.close()
    await database.drop()
  })

  it('does everything against a real service', async () => {
    const { connectionId } = await openAccount(service.api, sandbox)
    await mkdir(join(project, 'program'))
    await cp(join(root, 'clients/typescript/test/fixtures/program.ts'), join(project, 'program/program.ts'))
    const { stdout } = await run(process.execPath, ['program/program.ts', connectionId], {
      cwd: project,
      env: { PATH: process.env.PATH, SWITCHYARD_URL: service.url, SWITCHYARD_API_KEY: testApiKey },
    })
    expect(JSON.parse(stdout)).toEqual({
      ...{ environment: 'running', valid: true, job: 'succeeded', seen: [true, 'succeeded'], replayed: true },
      ...{ listed: [4, true], streamed: ['job.queued', 'job.succeeded'], sameAsList: true },
      projectEvent: expect.stringMatching(/^environment\./),
      ...{ batch: [2, 1], batchCanceled: 'canceled' },
      ...{ canceled: 'canceled', updated: { by: 'client', more: 'yes' }, stale: 'version_mismatch' },
      refused: expect.stringMatching(/^invalid_request \/timeLimitSeconds/),
      ...{ missing: 'not_found', denied: 'unauthenticated' },
      ...{ webhook: 'webhook.test', providers: true, verified: true, deleted: 'deleted' },
    })
  })
})

describe('the examples with the TypeScript client', () => {
  let bench: ApiBench
  beforeAll(async () => {
    bench = await startApiBench({ role: 'all' })
    await cp(join(root, 'examples/typescript'), join(project, 'examples'), { recursive: true })
    const compilerOptions = { target: 'ES2024', module: 'NodeNext', strict: true, noEmit: true, skipLibCheck: true }
    const types = { types: [join(root, 'node_modules/@types/node')] }
    await writeFile(
      join(project, 'examples/tsconfig.json'),
      JSON.stringify({ compilerOptions: { ...compilerOptions, ...types } }),
    )
  })
  afterAll(() => bench?.stop())

  const env = () => ({ PATH: process.env.PATH, SWITCHYARD_URL: bench.url, SWITCHYARD_API_KEY: testApiKey })

  it('compile strictly', async () => {
    await run(process.execPath, [tsc, '-p', join(project, 'examples')]).catch(({ stdout }) => {
      throw new Error(`The examples do not compile:\n${stdout}`)
    })
  })

  it.each([
    ['submit-and-wait.ts', /training\n[\s\S]*succeeded \n$/],
    ['sweep.ts', /^(learning rate 0\.\d+: succeeded\n){3}$/],
  ])('%s runs jobs to their end', async (example, pattern) => {
    const { stdout } = await run(process.execPath, [example], { cwd: join(project, 'examples'), env: env() })
    expect(stdout).toMatch(pattern)
  })

  it('stream-events.ts prints the events of jobs', async () => {
    const child = spawn(process.execPath, ['stream-events.ts'], { cwd: join(project, 'examples'), env: env() })
    let output = ''
    child.stdout.on('data', (data) => {
      output += data
    })
    const request = { provider: 'slurm', name: 'hello', script: '#!/bin/sh\ntrue\n' }
    const outputAfterJob = async () => {
      await bench.api.ok('POST', '/jobs', request)
      return output
    }
    try {
      await expect.poll(outputAfterJob, { timeout: 20_000, interval: 500 }).toMatch(/ job\.\w+ job_/)
    } finally {
      child.kill()
      await once(child, 'exit')
    }
  })

  it('webhook-receiver.ts accepts only messages that are signed with its secret', () =>
    expectReceiver([process.execPath, 'webhook-receiver.ts'], join(project, 'examples')))
})
