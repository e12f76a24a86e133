import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const client = fileURLToPath(new URL('../../../clients/cli/', import.meta.url))

describe('CLI package', () => {
  let directory: string
  let tarball: string

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'switchyard-package-'))
    const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', directory], { cwd: client })
    tarball = join(directory, stdout.trim().split('\n').at(-1) ?? '')
  })

  afterAll(() => rm(directory, { recursive: true, force: true }))

  it('runs with npx offline in an empty directory', async () => {
    const npm = {
      PATH: process.env.PATH,
      HOME: directory,
      npm_config_cache: join(directory, 'cache'),
      npm_config_offline: 'true',
    }
    const options = { cwd: directory, env: { ...npm, npm_config_update_notifier: 'false' } }
    const { stdout, stderr } = await run('npx', ['--yes', `--package=${tarball}`, 'switchyard', '--version'], options)
    expect([stdout, stderr]).toEqual([`${JSON.parse(await readFile(`${client}package.json`, 'utf8')).version}\n`, ''])
  })

  it('contains the program and bundled licenses without dependencies', async () => {
    const { stdout } = await run('tar', ['-tzf', tarball])
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining(['package/dist/switchyard.js', 'package/dist/licenses.txt']),
    )
    expect(stdout).not.toMatch(/\.ts$/m)
    const { stdout: manifest } = await run('tar', ['-xzOf', tarball, 'package/package.json'])
    expect(JSON.parse(manifest).dependencies ?? {}).toEqual({})
    const { stdout: licenses } = await run('tar', ['-xzOf', tarball, 'package/dist/licenses.txt'])
    expect(licenses).toMatch(/^commander \d[\s\S]*Permission is hereby granted/m)
  })
})
