import { execFile } from 'node:child_process'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import openapiTypescript, { astToString } from 'openapi-typescript'

// Generates the types of the clients from openapi/openapi.json and builds them to clients/*/dist; with --types it only
// generates. The command line is last: it bundles the TypeScript client.

const root = fileURLToPath(new URL('..', import.meta.url))
const types = join(root, 'clients/typescript/src/generated/api.ts')
const run = promisify(execFile)

await generateTypes()
if (!process.argv.includes('--types')) {
  await build(join(root, 'clients/typescript'))
  await run(process.execPath, [join(root, 'clients/cli/build.ts')])
}

async function generateTypes(): Promise<void> {
  const document = await readFile(join(root, 'openapi/openapi.json'), 'utf8')
  // A field with a default is optional in a request.
  const ast = await openapiTypescript(document, { defaultNonNullable: false })
  const text = `// Generated from openapi/openapi.json by npm run build:clients.\n\n${astToString(ast)}`
  if ((await readFile(types, 'utf8').catch(() => '')) === text) return
  await mkdir(dirname(types), { recursive: true })
  await writeFile(types, text)
}

async function build(client: string): Promise<void> {
  // Files of removed sources would be published.
  await rm(join(client, 'dist'), { recursive: true, force: true })
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await run(process.execPath, [tsc, '-p', join(client, 'tsconfig.build.json')]).catch(({ stdout }) => {
    console.error(stdout)
    process.exit(1)
  })
}
