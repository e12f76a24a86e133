import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describeProvider } from '../src/capabilities/describe-provider.ts'
import { configSchema } from '../src/config/schema.ts'
import { providers } from '../src/providers/registry.ts'
import { regexpsOfCode, regexpsOfSchemas } from './regexps/collect.ts'
import { faultsOf } from './regexps/judge.ts'
import { reviewed } from './regexps/reviewed.ts'

// npm run regexps: checks with recheck that all regular expressions run in linear time for any text.

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')

const files = globSync('{src,scripts}/**/*.{ts,mjs}', { cwd: root, exclude: ['src/generated/**'] }).sort()
const found = [
  ...files.flatMap((file) => regexpsOfCode(file, read(file))),
  ...regexpsOfSchemas('openapi.json', JSON.parse(read('openapi/openapi.json'))),
  ...regexpsOfSchemas('configuration', configSchema),
  ...providers.flatMap((provider) => [
    ...regexpsOfSchemas(provider.id, provider),
    ...regexpsOfSchemas(provider.id, describeProvider(provider)),
  ]),
]
const faults = await faultsOf(found, reviewed)
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1
else console.log(`${found.length} regular expressions have linear running time`)
