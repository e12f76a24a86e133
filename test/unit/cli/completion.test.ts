import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeCli } from '../../../clients/cli/src/cli.ts'
import { completionsFor } from '../../../clients/cli/src/completion/completions-for.ts'
import { makeProgram } from '../../../clients/cli/src/program.ts'
import { profilesPath, writeProfiles } from '../../../clients/cli/src/settings/profiles.ts'

let home: string

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'switchyard-completion-'))
  const profiles = { work: { url: 'https://a.example', apiKey: 'sy_a' }, home: { url: 'https://b', apiKey: 'sy_b' } }
  await writeProfiles(profilesPath({ HOME: home }), { profiles })
})

afterAll(() => rm(home, { recursive: true, force: true }))

async function complete(...words: string[]) {
  const { stdin, stdout, stderr } = process
  const cli = makeCli({ stdin, stdout, stderr, env: { HOME: home } })
  const { candidates, directive } = await completionsFor(makeProgram(cli), words, cli)
  return {
    values: candidates.map(({ value }) => value),
    completesFiles: directive === 0,
    /** Options that select the service to read values from. */
    selected: cli.options,
  }
}

const values = async (...words: string[]) => (await complete(...words)).values

describe('shell completion', () => {
  it('completes commands', async () => {
    expect(await values('jo')).toEqual(['jobs'])
    expect(await values('jobs', 's')).toEqual(['submit'])
    expect(await values('envs', 'st')).toEqual(['start', 'stop'])
    expect(await values('--profile', 'work', '-o', 'json', 'jobs', 'wa')).toEqual(['watch'])
  })

  it('does not complete hidden commands', async () => {
    expect(await values('comp')).toEqual(['completion'])
  })

  it('completes the options of the command and the program', async () => {
    expect(await values('jobs', 'submit', '--')).toEqual(
      expect.arrayContaining(['--set', '--wait', '--output', '--json']),
    )
    expect(await values('jobs', 'list', '--wait')).toEqual([])
  })

  it('completes option values in both forms', async () => {
    expect(await values('jobs', 'list', '-o', '')).toEqual(['table', 'json', 'yaml', 'name'])
    expect(await values('jobs', 'list', '--output=j')).toEqual(['json'])
    expect(await values('admin', 'resolve', 'job_1', '--status', 'f')).toEqual(['failed'])
  })

  it('completes argument values', async () => {
    expect(await values('completion', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  it('completes profile names', async () => {
    expect(await values('--profile', '')).toEqual(['work', 'home'])
    expect(await values('profiles', 'use', 'w')).toEqual(['work'])
  })

  it('completes file names only for file arguments', async () => {
    expect(await complete('jobs', 'submit', '-f', '')).toMatchObject({ values: [], completesFiles: true })
    expect(await complete('login', '--key-file', 'k')).toMatchObject({ values: [], completesFiles: true })
    expect(await complete('jobs', 'submit', '--set', '')).toMatchObject({ values: [], completesFiles: false })
  })

  it('applies the service options before the cursor, in both forms', async () => {
    const selected = { profile: 'work', url: 'https://a.example' }
    for (const words of [
      ['--profile', 'work', '--url', 'https://a.example'],
      ['--profile=work', '--url=https://a.example'],
    ])
      expect((await complete(...words, 'jobs', '')).selected).toEqual(selected)
  })

  it('returns no values without a configured service', async () => {
    expect(await complete('jobs', 'get', '')).toMatchObject({ values: [], completesFiles: false })
  })
})
