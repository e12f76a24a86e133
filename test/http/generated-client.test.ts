import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import openapiTS, { astToString } from 'openapi-typescript'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTwoInstances } from './access/start-two.ts'

const run = promisify(execFile)
const root = fileURLToPath(new URL('../..', import.meta.url))
const two = startTwoInstances()
let dir: string

/** What somebody writes with the generated types: it must compile as strictly as their own code, and run. */
const program = `
import createClient from 'openapi-fetch'
import type { paths } from './schema.d.ts'

const client = createClient<paths>({
  baseUrl: process.env.API_URL ?? '',
  headers: { authorization: \`Bearer \${process.env.API_KEY}\` },
})
const connection = await client.POST('/connections', {
  body: {
    name: 'generated',
    settings: { dataforest: { baseUrl: 'http://127.0.0.1:9', accountId: 'a' } },
    credentials: { dataforest: { accessKey: 'k', secretKey: 's' } },
  },
})
const made = await client.POST('/environments', {
  params: { header: { 'idempotency-key': 'once' } },
  body: { provider: 'dataforest', name: 'ws', image: 'tensorflow:r2.3.1-py3', command: ['ls'], labels: { team: 'red' } },
})
if (made.data === undefined) throw new Error(made.error.detail)
const { id, status } = made.data
const listed = await client.GET('/environments', { params: { query: { label: ['team:red'], limit: 10 } } })
const removed = await client.DELETE('/environments/{id}', { params: { path: { id } } })
const refused = await client.POST('/jobs', { body: { name: 'j', environmentId: id, command: ['ls'] } })
console.log(JSON.stringify({
  connection: connection.data?.name,
  status,
  listed: listed.data?.data.map((environment) => environment.name),
  removed: removed.response.status,
  refusal: refused.error?.code,
  requestId: refused.error?.requestId,
}))
`

const strict = {
  compilerOptions: {
    ...{
      target: 'es2024',
      module: 'nodenext',
      moduleResolution: 'nodenext',
      strict: true,
      noEmit: true,
      types: ['node'],
    },
    ...{ exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: true },
    allowImportingTsExtensions: true,
  },
  include: ['*.ts'],
}

beforeAll(async () => {
  // Inside the project, so that packages resolve.
  dir = await mkdtemp(join(root, 'node_modules', '.generated-client-'))
  const document = JSON.parse(await readFile(join(root, 'openapi/openapi.json'), 'utf8'))
  // A field with a default may be left out of a request; by itself the generator takes it for required.
  await writeFile(join(dir, 'schema.d.ts'), astToString(await openapiTS(document, { defaultNonNullable: false })))
  await writeFile(join(dir, 'program.ts'), program)
  await writeFile(join(dir, 'package.json'), '{"type":"module"}')
  await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(strict))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

it('compiles against the types that the document makes, and runs', async () => {
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', dir]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout)
  })
  const { key } = await two.admin.ok('POST', '/api-keys', {
    name: 'client',
    scopes: ['connections:manage', 'environments:read', 'environments:write', 'jobs:write'],
  })
  // Node runs no TypeScript below node_modules.
  await run(join(root, 'node_modules/.bin/tsc'), ['-p', dir, '--noEmit', 'false', '--rewriteRelativeImportExtensions'])
  const env = { ...process.env, API_URL: two.url, API_KEY: key }
  const { stdout } = await run(process.execPath, [join(dir, 'program.js')], { env })
  expect(JSON.parse(stdout)).toEqual({
    ...{ connection: 'generated', status: 'queued', listed: ['ws'], removed: 202, refusal: 'wrong_state' },
    requestId: expect.any(String),
  })
}, 60_000)
