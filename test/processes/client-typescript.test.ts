import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ScriptedService, startService } from '../../clients/typescript/test/scripted-service.ts'
import { type ApiBench, startApiBench } from '../support/api-bench.ts'
import { chromium, launchChromium, withoutChromium } from '../support/chromium.ts'
import { type ClientPage, servePage } from '../support/client-page.ts'
import { makeClientProject } from '../support/client-project.ts'
import { openAccount, startQuickSandbox, type TestSandbox } from '../support/dataforest-account.ts'
import { jsRuntimes } from '../support/js-runtimes.ts'
import { type Serving, serveProcess } from '../support/process.ts'
import { quickSettings, testApiKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'
import { expectReceiver } from '../support/webhook-example.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../../', import.meta.url))
const tsc = join(root, 'node_modules/typescript/bin/tsc')
/** Path of the project with the packed client installed. */
let project: string

beforeAll(async () => {
  await run(process.execPath, [join(root, 'scripts/build-clients.ts')])
  const created = await makeClientProject()
  project = created.path
  return created.remove
}, 120_000)

describe('TypeScript client package', () => {
  it('contains only its build, README and manifest', async () => {
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

describe('program with the TypeScript client', () => {
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

  it('uses the operations of the client against a real service', async () => {
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

describe('TypeScript client examples', () => {
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
  ])('%s runs jobs to completion', async (example, pattern) => {
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
      await expect.poll(outputAfterJob, { timeout: 30_000, interval: 500 }).toMatch(/ job\.\w+ job_/)
    } finally {
      child.kill()
      await once(child, 'exit')
    }
  })

  it('webhook-receiver.ts accepts only messages signed with its secret', () =>
    expectReceiver([process.execPath, 'webhook-receiver.ts'], join(project, 'examples')))
})

describe('TypeScript client in other runtimes', () => {
  const expected = {
    ...{ status: 'succeeded', lastStatus: 'succeeded', hasOutput: true },
    ...{ types: ['job.queued', 'job.succeeded'], event: 'string', stale: 'version_mismatch' },
    failures: ['ConnectionError', 'ConnectionError'],
  }
  /** Not localhost: other pages over plain HTTP lack the browser APIs that require a secure context. */
  const host = 'switchyard.test'
  let page: ClientPage
  let bench: ApiBench
  let broken: ScriptedService
  /** URLs of a closed port and of a service that aborts its responses. */
  const unusable = () => JSON.stringify(['http://127.0.0.1:1', broken.url])

  beforeAll(async () => {
    await mkdir(join(project, 'portable'))
    const program = join(project, 'portable/portable.ts')
    await cp(join(root, 'clients/typescript/test/fixtures/portable.ts'), program)
    page = await servePage(program)
    broken = await startService((response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' }).write('{"data": [')
      setTimeout(() => response.destroy(), 20)
    })
    const edge = { ...quickSettings.edge, corsOrigins: [`http://${host}:${page.port}`] }
    bench = await startApiBench({ role: 'all', settings: { edge } })
  })
  afterAll(async () => {
    await bench?.stop()
    await broken?.[Symbol.asyncDispose]()
    await page?.close()
  })

  for (const { name, path, args } of jsRuntimes) {
    it.skipIf(path === undefined)(`runs a job in ${name}${path ? '' : ' (skipped: not installed)'}`, async () => {
      const file = join(project, `portable/${name}.ts`)
      const code = `import { failuresOf, useClient } from './portable.ts'
        const failures = await failuresOf(${unusable()})
        console.log(JSON.stringify({ ...(await useClient()), failures }))`
      await writeFile(file, code)
      const env = { PATH: process.env.PATH, HOME: project, SWITCHYARD_URL: bench.url, SWITCHYARD_API_KEY: testApiKey }
      const { stdout } = await run(path ?? '', [...args, file], { cwd: project, env })
      expect(JSON.parse(stdout)).toEqual(expected)
    })
  }

  /** Evaluates code in a page of this host. */
  async function evaluate(pageHost: string, code: string): Promise<unknown> {
    await using browser = await launchChromium('--host-resolver-rules=MAP *.test 127.0.0.1')
    const tab = await browser.newPage()
    await tab.goto(`http://${pageHost}:${page.port}/`)
    return await tab.evaluate(code)
  }

  const itInBrowser = it.skipIf(chromium === undefined)

  itInBrowser(`runs a job in a browser from an origin of CORS_ORIGINS${withoutChromium}`, async () => {
    const options = JSON.stringify({ url: bench.url, apiKey: testApiKey })
    const code = `(async () => ({
      ...(await program.useClient(${options})), failures: await program.failuresOf(${unusable()}), isSecureContext
    }))()`
    expect(await evaluate(host, code)).toEqual({ ...expected, isSecureContext: false })
  })

  itInBrowser(`cannot read responses in a browser from another origin${withoutChromium}`, async () => {
    const code = `program.failuresOf([${JSON.stringify(bench.url)}])`
    expect(await evaluate('another.test', code)).toEqual(['ConnectionError'])
  })
})
