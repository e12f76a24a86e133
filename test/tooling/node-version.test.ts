import { readFile } from 'node:fs/promises'
import { minVersion, satisfies } from 'semver'
import { expect, it } from 'vitest'

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8')

it('package.json, .nvmrc, the Dockerfile and CI use the same Node version', async () => {
  const { engines, devDependencies } = JSON.parse(await read('package.json')) as {
    engines: { node: string }
    devDependencies: { node: string }
  }
  const packaged = minVersion(devDependencies.node)
  const major = (await read('.nvmrc')).trim()
  expect(satisfies(packaged ?? '', engines.node)).toBe(true)
  expect(major).toBe(String(packaged?.major))
  expect(await read('Dockerfile')).toContain(`FROM node:${major}-`)
  expect(await read('.github/workflows/ci.yml')).toContain('node-version-file: .nvmrc')
})
