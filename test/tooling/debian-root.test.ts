import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const script = fileURLToPath(new URL('../real/debian-root.sh', import.meta.url))

/** A stub of debootstrap that checks its arguments and records the mirror. */
const debootstrap = `#!/bin/sh
[ "$1 $2 $3 $4" = '--no-check-gpg --variant=minbase --include=slurmd,munge trixie' ] || exit 2
mkdir "$5" && echo "$6" >"$5/mirror"
`
const deb822 = 'Types: deb\nURIs: http://one.example/debian http://two.example/debian\nSuites: bookworm\n'
const oneLine = '# deb cdrom:[x]/ bookworm main\ndeb [arch=amd64] http://old.example/debian bookworm main\n'

describe('Debian root directory', () => {
  let at: (...names: string[]) => string
  beforeEach(() => {
    const directory = mkdtempSync(join(tmpdir(), 'switchyard-root-'))
    at = (...names) => join(directory, ...names)
    for (const name of ['bin', 'apt', 'apt/sources.list.d']) mkdirSync(at(name))
    writeFileSync(at('bin/debootstrap'), debootstrap, { mode: 0o755 })
  })
  afterEach(() => rmSync(at(), { recursive: true, force: true }))

  const run = () => {
    const env = { PATH: `${at('bin')}:${process.env.PATH}` }
    const { status, stderr } = spawnSync('bash', [script, 'trixie', at('root'), 'slurmd,munge', at('apt')], {
      env,
      encoding: 'utf8',
    })
    return { status, stderr }
  }

  it.each([
    [
      'debian.sources',
      { 'sources.list.d/debian.sources': deb822, 'sources.list': oneLine },
      'http://one.example/debian',
    ],
    ['sources.list alone', { 'sources.list': oneLine }, 'http://old.example/debian'],
  ])('is created from the mirror of %s', (_name, files, mirror) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(at('apt', name), content)
    expect(run()).toEqual({ status: 0, stderr: '' })
    expect(readFileSync(at('root/mirror'), 'utf8')).toBe(`${mirror}\n`)
  })

  it('is not created without a mirror', () => {
    expect(run()).toEqual({ status: 1, stderr: `apt names no mirror in ${at('apt')}\n` })
  })

  it('replaces an existing directory', () => {
    writeFileSync(at('apt/sources.list'), oneLine)
    mkdirSync(at('root'))
    writeFileSync(at('root/old'), '')
    expect(run()).toEqual({ status: 0, stderr: '' })
    expect([existsSync(at('root/old')), existsSync(at('root/mirror')), existsSync(at('root.part'))]).toEqual([
      false,
      true,
      false,
    ])
  })
})
