import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const binDir = join(root, 'node_modules/.bin')
const env = { ...process.env, PATH: [binDir, process.env.PATH].join(delimiter), NO_COLOR: '1' }
const rooms = ['src', 'scripts', 'test', 'docs', 'openapi']
const configuration = [
  'package.json',
  'tsconfig.json',
  'biome.json',
  'vitest.config.ts',
  '.dependency-cruiser.cjs',
  '.gitignore',
]
/** What a provider touches, beside the lists that are generated. */
const own =
  /^(src\/providers|src\/sandbox|test\/providers)\/acme\/|^test\/(conformance|conformance\/harnesses|sandbox)\/acme\.|^docs\/providers\/acme\.md$/
const generated = ['src/providers/registry.ts', 'src/sandbox/registry.ts', 'test/conformance/harnesses/index.ts']

/** docs/adding-a-provider.md, step by step, in a copy of the repository. It lies below this one, whose packages it finds. */
describe('a new provider', { timeout: 240_000 }, () => {
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
    for (const path of [...rooms, ...configuration]) await cp(join(root, path), join(copy, path), { recursive: true })
    // Enough for what a provider consists of, and a third of all that there is to check.
    const include = ['providers', 'sandbox'].flatMap((room) => [`src/${room}`, `test/${room}/acme*`])
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

  it('needs a name that no other has', async () => {
    for (const name of ['', '../acme', 'slurm', 'kit']) {
      const { code, output } = await run('node', 'scripts/new-provider.ts', name)
      expect([code, output]).toEqual([1, expect.stringMatching(/^(Give the provider its name|Nothing was written)/)])
    }
    expect(await passes('git', 'status', '--porcelain')).toBe('')
  })

  it('begins as a skeleton that type-checks, lints, and is told what to fill in', async () => {
    const written = await passes('node', 'scripts/new-provider.ts', 'acme')
    await passes('git', 'add', '--intent-to-add', '.')
    await expectSound()
    const places = written.split('\n').filter((line) => line.startsWith('  '))
    expect(places.length).toBeGreaterThan(20)
    await passes('vitest', 'run', 'test/unit/published-texts.test.ts', '--testNamePattern', 'retired word')
    const { code, output } = await run('vitest', 'run', 'test/conformance/acme.test.ts')
    expect(code).toBe(1)
    for (const place of places) expect(output).toContain(place.trim())
    // It cannot be shipped so.
    expect(await run('node', 'scripts/generate-providers.ts', '--check')).toEqual({
      code: 1,
      output: expect.stringContaining('src/providers/acme/jobs.ts'),
    })
  })

  it('is one by being filled in, and no shared file was touched by hand', async () => {
    const sandbox = join(copy, 'src/sandbox/acme/index.ts')
    const port = /portOffset: \d+/
    // The one part of the finished provider that depends on how many others there are.
    const [next = ''] = port.exec(await readFile(sandbox, 'utf8')) ?? []
    await cp(join(root, 'test/fixtures/acme'), copy, { recursive: true })
    await writeFile(sandbox, (await readFile(sandbox, 'utf8')).replace(port, next))
    await rm(join(copy, 'vendor.md'))
    await expectSound()
    await passes('node', 'scripts/generate-providers.ts', '--check')
    const tests = ['conformance/acme', 'providers/acme', 'sandbox/acme', 'conformance/registry', 'sandbox/registry']
    await passes('vitest', 'run', ...tests.map((path) => `test/${path}`))
    const files = await changed()
    expect(files.filter((file) => !own.test(file)).sort()).toEqual(generated)
    // Nor was more generated than a list of the folders.
    for (const file of generated) expect(await readFile(join(copy, file), 'utf8')).toContain('providers:generate')
  })

  async function expectSound(): Promise<void> {
    const files = (await changed()).filter((file) => file.endsWith('.ts'))
    await Promise.all([
      passes('tsc', '-p', 'tsconfig.acme.json'),
      passes('biome', 'check', ...files),
      passes('depcruise', 'src/providers', 'src/sandbox', '--config', '.dependency-cruiser.cjs'),
    ])
  }
})
