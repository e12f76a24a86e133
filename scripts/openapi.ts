import { execFile } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

// Writes openapi/openapi.json from the routes; with --check it writes nothing and fails if the file is outdated.

const root = fileURLToPath(new URL('..', import.meta.url))
const file = join(root, 'openapi/openapi.json')
const run = promisify(execFile)

const { stdout } = await run(process.execPath, ['src/main.ts', 'openapi'], { cwd: root, maxBuffer: 64 * 1024 * 1024 })
const wanted = `${JSON.stringify(JSON.parse(stdout), null, 2)}\n`
const current = await readFile(file, 'utf8').catch(() => '')

if (current === wanted) {
  console.log('openapi/openapi.json matches the routes')
} else if (process.argv.includes('--check')) {
  console.error('openapi/openapi.json is out of date: run npm run openapi and commit it')
  process.exitCode = 1
} else {
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, wanted)
  console.log('openapi/openapi.json written')
}
