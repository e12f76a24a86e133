import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { describe, expect, it } from 'vitest'

interface LockedPackage {
  version?: string
  resolved?: string
  optionalDependencies?: Record<string, string>
}

const lockFile = new URL('../../package-lock.json', import.meta.url)
const { packages } = JSON.parse(await readFile(lockFile, 'utf8')) as { packages: Record<string, LockedPackage> }

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
    const named = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
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
