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

/** The Node versions that this project requires: `^22.19 || ^24`. */
const requiredNode = nodeOf(packages['']) ?? ''

function nodeOf(locked: LockedPackage | undefined): string | undefined {
  return locked?.engines !== undefined && 'node' in locked.engines ? locked.engines.node : undefined
}

/** Paths where Node looks for `name` from the package at `path`, nearest first. */
function* lookupPaths(path: string, name: string): Generator<string> {
  for (let dir = path; ; dir = dirname(dir)) {
    if (!dir.endsWith('node_modules'))
      yield dir === '' || dir === '.' ? `node_modules/${name}` : `${dir}/node_modules/${name}`
    if (dir === '' || dir === '.') return
  }
}

describe('package-lock.json', () => {
  it('contains no registry URLs, so npm ci uses the configured registry', () => {
    const withUrl = Object.entries(packages).filter(([, { resolved, link }]) => resolved !== undefined && link !== true)
    expect(withUrl.map(([path]) => path)).toEqual([])
  })

  // `npm install` omits packages of other platforms that the registry lacks, and `npm ci` then rejects the file.
  it('contains the optional packages of every platform', () => {
    const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) =>
        [...lookupPaths(path, name)].every((lookupPath) => packages[lookupPath]?.version === undefined),
      ),
    )
    expect(missing).toEqual([])
  })
})

describe('required Node version', () => {
  it('satisfies the engines of every package', () => {
    const unsatisfied = Object.entries(packages).flatMap(([path, locked]) => {
      const range = nodeOf(locked)
      return range === undefined || subset(requiredNode, range) ? [] : [`${path}: ${range}`]
    })
    expect(unsatisfied).toEqual([])
  })

  it.each(['README.md', 'CONTRIBUTING.md', 'docs/tutorial-slurm.md', '.ci/run', 'scripts/run.mjs'])(
    'is stated in %s',
    async (path) => {
      const versions = requiredNode.split(' || ').map((range) => range.replace(/^(\^|>=)/, ''))
      const text = await readFile(new URL(`../../${path}`, import.meta.url), 'utf8')
      expect(text).toContain(`Node ${versions.join(', ')} or newer`)
    },
  )
})
