import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { asOpenApi30 } from '../src/openapi/openapi-3.0.ts'

// Writes openapi/openapi.json and its rendering as OpenAPI 3.0 from the routes; with --check it writes nothing and fails
// if a file is outdated.

const root = fileURLToPath(new URL('..', import.meta.url))
const run = promisify(execFile)

const { stdout } = await run(process.execPath, ['src/main.ts', 'openapi'], { cwd: root, maxBuffer: 64 * 1024 * 1024 })
const document = JSON.parse(stdout)

for (const [path, content] of [
  ['openapi/openapi.json', document],
  ['openapi/openapi-3.0.json', asOpenApi30(document)],
] as const) {
  const file = join(root, path)
  const expected = `${JSON.stringify(content, null, 2)}\n`
  const current = await readFile(file, 'utf8').catch(() => '')
  if (current === expected) {
    console.log(`${path} matches the routes`)
  } else if (process.argv.includes('--check')) {
    console.error(`${path} is out of date: run npm run openapi and commit it`)
    process.exitCode = 1
  } else {
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, expected)
    console.log(`${path} written`)
  }
}
