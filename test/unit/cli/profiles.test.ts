import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  isReadableByOthers,
  profilesPath,
  readProfiles,
  writeProfiles,
} from '../../../clients/cli/src/settings/profiles.ts'
import { resolveService } from '../../../clients/cli/src/settings/resolve-service.ts'
import { isUnencrypted, parseServiceUrl } from '../../../clients/cli/src/settings/service-address.ts'

let home: string
let env: Record<string, string>

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'switchyard-cli-'))
  env = { HOME: home }
})

afterEach(() => rm(home, { recursive: true, force: true }))

const stored = {
  current: 'work',
  profiles: { work: { url: 'https://a.example', apiKey: 'sy_work' }, home: { url: 'http://b/x', apiKey: 'sy_home' } },
}

describe('profile file', () => {
  it('is below XDG_CONFIG_HOME if that path is absolute', () => {
    expect(profilesPath({ HOME: '/h', XDG_CONFIG_HOME: '/c' })).toBe('/c/switchyard/config.yaml')
    expect(profilesPath({ HOME: '/h', XDG_CONFIG_HOME: 'relative' })).toBe('/h/.config/switchyard/config.yaml')
  })

  it('is written readable only by its owner, without leftover files', async () => {
    const path = profilesPath(env)
    await writeProfiles(path, stored)
    await chmod(path, 0o644)
    expect(await isReadableByOthers(path)).toBe(true)
    await writeProfiles(path, stored)
    expect([(await stat(path)).mode & 0o777, await isReadableByOthers(path)]).toEqual([0o600, false])
    expect(await readdir(dirname(path))).toEqual(['config.yaml'])
    expect(await readProfiles(path)).toEqual(stored)
  })

  it('is reported as damaged without its content', async () => {
    const path = profilesPath(env)
    await writeProfiles(path, stored)
    await writeFile(path, 'profiles: {a: {url: x, apiKey: sy_secret')
    await expect(readProfiles(path)).rejects.toThrow(/^(?!.*sy_secret).*is not a valid configuration file/)
    await writeFile(path, 'profiles: {a: {key: sy_secret}}')
    await expect(readProfiles(path)).rejects.toThrow(/^(?!.*sy_secret).*profile a has no url and apiKey/)
  })
})

describe('service selection', () => {
  beforeEach(() => writeProfiles(profilesPath(env), stored))

  it.each([
    [{}, {}, stored.profiles.work],
    [{ profile: 'home' }, {}, stored.profiles.home],
    [{}, { SWITCHYARD_PROFILE: 'home' }, stored.profiles.home],
    [{ profile: 'work' }, { SWITCHYARD_PROFILE: 'home' }, stored.profiles.work],
    [{ profile: 'work' }, { SWITCHYARD_URL: 'https://c', SWITCHYARD_API_KEY: 'k' }, stored.profiles.work],
    [{ profile: 'home' }, { SWITCHYARD_API_KEY: 'k' }, stored.profiles.home],
    [{ profile: 'work', url: 'https://a.example' }, { SWITCHYARD_API_KEY: 'k' }, stored.profiles.work],
    [{}, { SWITCHYARD_API_KEY: 'sy_env' }, { url: 'https://a.example', apiKey: 'sy_env' }],
    [{ url: 'https://a.example/' }, {}, stored.profiles.work],
    [{}, { SWITCHYARD_URL: 'https://c', SWITCHYARD_API_KEY: 'sy_env' }, { url: 'https://c', apiKey: 'sy_env' }],
    [{ url: 'https://d' }, { SWITCHYARD_URL: 'https://c', SWITCHYARD_API_KEY: 'k' }, { url: 'https://d', apiKey: 'k' }],
  ])('resolves options %j and variables %j to %j', async (options, variables, expected) => {
    expect(await resolveService(options, { ...env, ...variables })).toEqual(expected)
  })

  it('never uses the key of a profile for another address', async () => {
    const resolved = resolveService({ url: 'https://evil.example' }, env)
    await expect(resolved).rejects.toThrow('is for https://a.example, not for https://evil.example')
    await expect(resolveService({}, { ...env, SWITCHYARD_URL: 'https://evil.example' })).rejects.toThrow(
      'no other address',
    )
    const withProfile = resolveService({ url: 'https://d', profile: 'work' }, { ...env, SWITCHYARD_API_KEY: 'k' })
    await expect(withProfile).rejects.toThrow('remove --profile')
  })

  it.each(['missing', 'constructor'])('rejects the unknown profile %s', async (profile) => {
    await expect(resolveService({ profile }, env)).rejects.toThrow(
      `Profile ${profile} does not exist. Existing profiles: work, home.`,
    )
  })

  it('explains how to configure a missing service', async () => {
    await expect(resolveService({}, { HOME: join(home, 'other') })).rejects.toThrow('Run switchyard login, or set')
  })
})

describe('service address', () => {
  it.each([
    ['https://a.example/', 'https://a.example'],
    ['http://127.0.0.1:8080/api/switchyard//', 'http://127.0.0.1:8080/api/switchyard'],
  ])('normalizes %s to %s', (text, expected) => {
    expect(parseServiceUrl(text)).toBe(expected)
  })

  it.each(['a.example', 'ftp://a', 'https://user:secret@a', 'https://a?x=1', 'https://a#x'])(
    'rejects %s without repeating a password',
    (text) => {
      expect(() => parseServiceUrl(text)).toThrow(/^(?!.*secret)/)
    },
  )

  it.each([
    ['http://a.example', true],
    ['http://127.0.0.1.example', true],
    ['http://127.0.0.1:8080', false],
    ['http://localhost', false],
    ['http://[::1]:1', false],
    ['https://a.example', false],
  ])('detects %s as unencrypted: %s', (url, expected) => {
    expect(isUnencrypted(url)).toBe(expected)
  })
})
