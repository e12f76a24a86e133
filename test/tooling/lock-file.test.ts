import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { subset } from 'semver'
import { describe, expect, it } from 'vitest'

interface LockedPackage {
  version?: string
  resolved?: string
  /** A workspace of this repository, by its path. */
  link?: true
  optionalDependencies?: Record<string, string>
  /** Old packages have a list. */
  engines?: { node?: string } | readonly string[]
}

const lockFile = new URL('../../package-lock.json', import.meta.url)
const { packages } = JSON.parse(await readFile(lockFile, 'utf8')) as { packages: Record<string, LockedPackage> }

/** The versions of Node that this project asks for: `^22.19 || ^24`. */
const asked = nodeOf(packages['']) ?? ''

function nodeOf(locked: LockedPackage | undefined): string | undefined {
  return locked?.engines !== undefined && 'node' in locked.engines ? locked.engines.node : undefined
}

/** Where Node would look for `name` from the package at `path`, nearest first. */
function* places(path: string, name: string): Generator<string> {
  for (let dir = path; ; dir = dirname(dir)) {
    if (!dir.endsWith('node_modules'))
      yield dir === '' || dir === '.' ? `node_modules/${name}` : `${dir}/node_modules/${name}`
    if (dir === '' || dir === '.') return
  }
}

describe('package-lock.json', () => {
  it('names no registry, so that npm ci uses the configured one', () => {
    const named = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && link !== true)
    expect(named.map(([path]) => path)).toEqual([])
  })

  // `npm install` leaves out packages of other systems that the registry at hand does not carry, and `npm ci` then
  // refuses the whole file.
  it('lists the optional packages of every system', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) =>
        [...places(path, name)].every((place) => packages[place]?.version === undefined),
      ),
    )
    expect(missing).toEqual([])
  })
})

describe('the Node that one installs with', () => {
  it('is one that no package warns of', () => {
    const warning = Object.entries(packages).flatMap(([path, locked]) => {
      const range = nodeOf(locked)
      return range === undefined || subset(asked, range) ? [] : [`${path}: ${range}`]
    })
    expect(warning).toEqual([])
  })

  it.each(['README.md', 'CONTRIBUTING.md', 'docs/tutorial-slurm.md', '.ci/run', 'scripts/run.mjs'])(
    'is the same in %s',
    async (path) => {
      const versions = asked.split(' || ').map((range) => range.replace(/^(\^|>=)/, ''))
      const text = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
      expect(text).toContain(`Node ${versions.join(', ')} or newer`)
    },
  )
})
