import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const binDir = join(root, 'node_modules/.bin')
const env = { ...process.env, PATH: [binDir, process.env.PATH].join(delimiter), NO_COLOR: '1' }
const folders = ['src', 'scripts', 'test', 'docs', 'openapi']
const configuration = [
  'package.json',
  'tsconfig.json',
  'biome.json',
  'vitest.config.ts',
  '.dependency-cruiser.cjs',
  '.gitignore',
]
/** Files of a provider, except the generated lists. */
const providerFiles =
  /^(src\/providers|src\/sandbox|test\/providers)\/acme\/|^test\/(conformance|conformance\/harnesses|sandbox)\/acme\.|^docs\/providers\/acme\.md$/
const generated = ['src/providers/registry.ts', 'src/sandbox/registry.ts', 'test/conformance/harnesses/index.ts']

/** Follows docs/adding-a-provider.md in a copy of the repository, below this one so that it finds the packages. */
describe('new provider', { timeout: 240_000 }, () => {
  let copy: string

  const run = (program: string, ...args: string[]) =>
    new Promise<{ code: number; output: string }>((resolve) => {
      const [file, all] = program === 'node' ? [process.execPath, args] : [program, args]
      execFile(file, all, { cwd: copy, env, maxBuffer: 1 << 26 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr }),
      )
    })
  const passes = async (program: string, ...args: string[]) => {
    const { code, output } = await run(program, ...args)
    expect(code, `${program} ${args.join(' ')}\n${output}`).toBe(0)
    return output
  }
  const changed = async () => (await passes('git', 'diff', '--name-only', 'HEAD')).trim().split('\n')

  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true })
    copy = await mkdtemp(join(root, '.cache/new-provider-'))
    for (const path of [...folders, ...configuration]) await cp(join(root, path), join(copy, path), { recursive: true })
    // Covers the files of a provider with a third of the type-checking time.
    const include = ['providers', 'sandbox'].flatMap((folder) => [`src/${folder}`, `test/${folder}/acme*`])
    const parts = [
      ...include,
      'src/commands/sandbox-connections.ts',
      'src/commands/demo-scenarios.ts',
      'test/conformance',
    ]
    await writeFile(
      join(copy, 'tsconfig.acme.json'),
      JSON.stringify({ extends: './tsconfig.json', compilerOptions: { incremental: true }, include: parts }),
    )
    await passes('git', 'init', '--quiet')
    await passes('git', 'add', '.')
    const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'core.hooksPath=/dev/null']
    await passes('git', ...author, 'commit', '--quiet', '--message', 'before')
  })

  afterAll(() => rm(copy, { recursive: true, force: true }))

  it('requires a valid name that is not in use', async () => {
    for (const name of ['', '../acme', 'slurm', 'kit']) {
      const { code, output } = await run('node', 'scripts/new-provider.ts', name)
      expect([code, output]).toEqual([1, expect.stringMatching(/^(Give the provider its name|Nothing was written)/)])
    }
    expect(await passes('git', 'status', '--porcelain')).toBe('')
  })

  it('starts as a skeleton that passes checks and lists its open tasks', async () => {
    const written = await passes('node', 'scripts/new-provider.ts', 'acme')
    await passes('git', 'add', '--intent-to-add', '.')
    await expectChecksPass()
    const tasks = written.split('\n').filter((line) => line.startsWith('  '))
    expect(tasks.length).toBeGreaterThan(20)
    await passes('vitest', 'run', 'test/unit/published-texts.test.ts', '--testNamePattern', 'retired word')
    const { code, output } = await run('vitest', 'run', 'test/conformance/acme.test.ts')
    expect(code).toBe(1)
    for (const task of tasks) expect(output).toContain(task.trim())
    // An incomplete provider must not be released.
    expect(await run('node', 'scripts/generate-providers.ts', '--check')).toEqual({
      code: 1,
      output: expect.stringContaining('src/providers/acme/jobs.ts'),
    })
  })

  it('passes its tests once completed, without manual edits of shared files', async () => {
    const sandbox = join(copy, 'src/sandbox/acme/index.ts')
    const port = /portOffset: \d+/
    // The only part of the finished provider that depends on the number of other providers.
    const [next = ''] = port.exec(await readFile(sandbox, 'utf8')) ?? []
    await cp(join(root, 'test/fixtures/acme'), copy, { recursive: true })
    await writeFile(sandbox, (await readFile(sandbox, 'utf8')).replace(port, next))
    await rm(join(copy, 'vendor.md'))
    await expectChecksPass()
    await passes('node', 'scripts/generate-providers.ts', '--check')
    const tests = ['conformance/acme', 'providers/acme', 'sandbox/acme', 'conformance/registry', 'sandbox/registry']
    await passes('vitest', 'run', ...tests.map((path) => `test/${path}`))
    const files = await changed()
    expect(files.filter((file) => !providerFiles.test(file)).sort()).toEqual(generated)
    // The generated files are only lists of folders.
    for (const file of generated) expect(await readFile(join(copy, file), 'utf8')).toContain('providers:generate')
  })

  async function expectChecksPass(): Promise<void> {
    const files = (await changed()).filter((file) => file.endsWith('.ts'))
    await Promise.all([
      passes('tsc', '-p', 'tsconfig.acme.json'),
      passes('biome', 'check', ...files),
      passes('depcruise', 'src/providers', 'src/sandbox', '--config', '.dependency-cruiser.cjs'),
    ])
  }
})
