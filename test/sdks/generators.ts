import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import versions from './versions.json' with { type: 'json' }

export type Language = 'Python' | 'Go' | 'Java' | 'Rust' | 'TypeScript'
type Command = readonly string[]

/**
 * A generator with a tested SDK. All commands run in an empty directory that contains the document as `openapi.json`, its
 * rendering as `openapi-3.0.json` and the files of the generator's folder, with the tools of `versions.json` and `requirements.txt` in `PATH`.
 */
export interface Generator {
  /** Folder with the drive program. */
  id: string
  title: string
  /** Registry, package and version. */
  package: { name: string; version: string }
  language: Language
  generate: Command
  /** Commands that compile the SDK and the drive program. */
  compile: readonly Command[]
  /** Runs the drive program, which reads its target from SDK_TARGET. */
  drive: Command
}

function pythonVersionOf(name: string): string {
  const requirements = readFileSync(join(import.meta.dirname, 'requirements.txt'), 'utf8').split('\n')
  const pinned = requirements.find((line) => line.startsWith(`${name}==`))
  if (pinned === undefined) throw new Error(`requirements.txt does not pin ${name}.`)
  return pinned.slice(name.length + 2)
}

const openapiGenerator = { name: 'openapi-generator-cli', version: versions.maven['openapi-generator-cli'] }
const generate = (name: string, ...options: string[]): Command => generateFrom('openapi.json', name, ...options)
const generateFrom = (document: string, name: string, ...options: string[]): Command => [
  ...['openapi-generator-cli', 'generate', '-i', document, '-g', name, ...options, '-o', 'sdk'],
]
// By default, this generator closes objects without `additionalProperties`, contrary to JSON Schema, so that a field of a
// later version breaks the client.
const openFields = '--additional-properties=disallowAdditionalPropertiesIfNotPresent=false'
// The lock file contains the name and version of the SDK.
const crate = '--additional-properties=packageName=switchyard-sdk,packageVersion=0.0.0'
const cargo = (command: string): Command => [
  ...['cargo', command, '--quiet', '--locked', '--config', 'build.rustflags=["-Dwarnings"]'],
]
const strict = '--strict --target es2022 --lib es2022,dom,dom.iterable --types node --skipLibCheck'.split(' ')
const tsc: Command = ['tsc', ...strict, '--module', 'preserve', '--noEmit', 'drive.ts']
const bundled = {
  compile: [tsc, ['esbuild', 'drive.ts', '--bundle', '--platform=node', '--format=esm', '--outfile=drive.mjs']],
  drive: ['node', 'drive.mjs'],
}

export const generators: readonly Generator[] = [
  {
    id: 'openapi-generator-python',
    title: 'openapi-generator `python`',
    package: openapiGenerator,
    language: 'Python',
    // From the 3.1 document, it generates webhook parameters without a type, which is invalid Python.
    generate: generateFrom('openapi-3.0.json', 'python'),
    compile: [['mypy', '--config-file', 'sdk/pyproject.toml', 'sdk/openapi_client', 'drive.py']],
    drive: ['python', 'drive.py'],
  },
  {
    id: 'openapi-python-client',
    title: '`openapi-python-client`',
    package: { name: 'openapi-python-client', version: pythonVersionOf('openapi-python-client') },
    language: 'Python',
    generate: 'openapi-python-client generate --path openapi.json --meta none --output-path sdk/switchyard'.split(' '),
    compile: [['mypy', 'sdk/switchyard', 'drive.py']],
    drive: ['python', 'drive.py'],
  },
  {
    id: 'oapi-codegen',
    title: '`oapi-codegen`',
    package: { name: 'oapi-codegen', version: versions.go['github.com/oapi-codegen/oapi-codegen/v2'] },
    language: 'Go',
    // By default, it omits schemas that only webhooks use, but not the references to them.
    generate: 'oapi-codegen -package sdk -generate types,client,skip-prune -o sdk/sdk.gen.go openapi.json'.split(' '),
    compile: [
      ['go', 'mod', 'init', 'example.com/switchyard'],
      [
        'go',
        'mod',
        'edit',
        `-require=github.com/oapi-codegen/runtime@${versions.go['github.com/oapi-codegen/runtime']}`,
      ],
      ...[
        ['go', 'mod', 'tidy'],
        ['go', 'vet', './...'],
        ['go', 'build', '-o', 'drive', '.'],
      ],
    ],
    drive: ['./drive'],
  },
  {
    id: 'openapi-generator-go',
    title: 'openapi-generator `go`',
    package: openapiGenerator,
    language: 'Go',
    generate: generate(
      'go',
      openFields,
      '--git-host',
      'example.com',
      '--git-user-id',
      'switchyard',
      '--git-repo-id',
      'sdk',
    ),
    compile: [
      ['go', 'mod', 'init', 'example.com/drive'],
      ['go', 'mod', 'edit', '-require=example.com/switchyard/sdk@v0.0.0', '-replace=example.com/switchyard/sdk=./sdk'],
      ...[
        ['go', 'mod', 'tidy'],
        ['go', 'vet', '.', 'example.com/switchyard/sdk'],
        ['go', 'build', '-o', 'drive', '.'],
      ],
    ],
    drive: ['./drive'],
  },
  {
    id: 'openapi-generator-java',
    title: 'openapi-generator `java`, library `native`',
    package: openapiGenerator,
    language: 'Java',
    generate: generate('java', '--library', 'native'),
    compile: [
      ['find', 'sdk/src/main/java', '-name', '*.java', '-fprint', 'sources'],
      // The templates of the generator use a deprecated method of Jackson.
      'javac -Xlint:all,-deprecation,-path -Werror -proc:none -encoding UTF-8 -d classes @sources Drive.java'.split(
        ' ',
      ),
    ],
    drive: ['java', '-XX:TieredStopAtLevel=1', 'Drive'],
  },
  {
    id: 'openapi-generator-rust',
    title: 'openapi-generator `rust`',
    package: openapiGenerator,
    language: 'Rust',
    generate: generate('rust', crate),
    compile: [cargo('build')],
    drive: cargo('run'),
  },
  {
    id: 'openapi-typescript',
    title: '`openapi-typescript` with `openapi-fetch`',
    package: { name: 'openapi-typescript', version: versions.npm['openapi-typescript'] },
    language: 'TypeScript',
    generate: ['openapi-typescript', 'openapi.json', '-o', 'sdk/schema.ts'],
    ...bundled,
  },
  {
    id: 'hey-api',
    title: '`@hey-api/openapi-ts`',
    package: { name: '@hey-api/openapi-ts', version: versions.npm['@hey-api/openapi-ts'] },
    language: 'TypeScript',
    generate: ['openapi-ts', '-i', 'openapi.json', '-o', 'sdk'],
    ...bundled,
  },
  {
    id: 'typescript-fetch',
    title: 'openapi-generator `typescript-fetch`',
    package: openapiGenerator,
    language: 'TypeScript',
    generate: generate('typescript-fetch'),
    ...bundled,
  },
]
