import { mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { hasProgram } from '../../real/requirements.ts'
import { type CliBench, jobYaml, startCliBench } from '../../support/cli-bench.ts'
import { testApiKey } from '../../support/switchyard.ts'
import { openTerminal, type Terminal } from '../../support/terminal.ts'

const hasTmux = hasProgram('tmux')
const skipped = hasTmux ? '' : ' [skipped: it needs tmux; get it with: apt-get install tmux]'
if (!hasTmux) process.stderr.write(`CLI in a terminal${skipped}\n`)

describe.skipIf(!hasTmux)(`CLI in a terminal${skipped}`, () => {
  let bench: CliBench
  let terminal: Terminal
  /** Directory with the programs `switchyard` and `node`. */
  let bin: string
  let environment: Readonly<Record<string, string>>

  beforeAll(async () => {
    bench = await startCliBench()
    bin = join(bench.cli.home, 'bin')
    await mkdir(bin, { recursive: true })
    await symlink(bench.cli.path, join(bin, 'switchyard'))
    await symlink(process.execPath, join(bin, 'node'))
    await writeFile(join(bench.cli.home, 'job.yaml'), jobYaml('sleep 600'))
    await writeFile(join(bench.cli.home, 'failing.yaml'), jobYaml('sleep 600; exit 3'))
    environment = { HOME: bench.cli.home, PATH: `${bin}:${process.env.PATH}` }
  })

  afterAll(() => bench?.stop())

  const withService = () => ({ ...environment, SWITCHYARD_URL: bench.url, SWITCHYARD_API_KEY: testApiKey })

  afterEach(() => terminal.close())

  it('prompts for URL and key, hides the key and stores both privately', async () => {
    terminal = await openTerminal(environment)
    await terminal.type('cd; switchyard login --profile work', 'Enter')
    await terminal.until(/URL of the service/)
    await terminal.type('C-u', bench.url, 'Enter')
    await terminal.until(/API key for http/)
    await terminal.type(testApiKey, 'Enter')
    const screen = await terminal.until(/Profile work is stored/)
    expect(screen).not.toContain(testApiKey.slice(0, 8))
    const file = join(bench.cli.home, '.config/switchyard/config.yaml')
    expect([(await stat(file)).mode & 0o777, await readFile(file, 'utf8')]).toEqual([
      0o600,
      `current: work\nprofiles:\n  work:\n    url: ${bench.url}\n    apiKey: ${testApiKey}\n`,
    ])
    await terminal.type('clear; switchyard providers list -o name', 'Enter')
    await terminal.until(/^slurm$/m)
  })

  it('prompts for credentials and rejects them as arguments', async () => {
    terminal = await openTerminal(withService())
    const { username, token } = bench.sandbox.accounts.jupyterhub
    const settings = `--set settings.baseUrl=${bench.sandbox.urls.jupyterhub} --set settings.username=${username}`
    await terminal.type(`clear; switchyard connections create --provider jupyterhub --name typed ${settings}`, 'Enter')
    await terminal.until(/jupyterhub token/)
    await terminal.type(token, 'Enter')
    expect(await terminal.until(/^name +typed/m)).not.toContain(token.slice(0, 8))
    await terminal.type('clear; switchyard connections update x --set credentials.jupyterhub.token=y', 'Enter')
    await terminal.until(/Credentials cannot be arguments/)
  })

  it('shows each status with its duration and the outcome', async () => {
    terminal = await openTerminal(withService())
    await terminal.type('cd; switchyard jobs submit -f failing.yaml --wait; echo "exit $?"', 'Enter')
    await terminal.until(/^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] running +\d/m)
    bench.sandbox.world.advance(601_000)
    const screen = await terminal.until(/exit \d/)
    expect(screen).toMatch(
      /^job_\w{26}\n(✔ \w+ +\d+(\.\d)?s\n)+✖ failed +\d+(\.\d)?s +\S+\njob_\w+ failed with exit code 3\./m,
    )
    expect(screen).toMatch(/exit 3$/m)
    // One line per status: the progress display is removed.
    expect(screen.match(/running/g)).toHaveLength(1)
  })

  it('leaves a job running after Ctrl-C and returns to the shell', async () => {
    terminal = await openTerminal(withService())
    await terminal.type('cd; switchyard jobs submit -f job.yaml --wait; echo "exit $?"', 'Enter')
    await terminal.until(/ running +\d/)
    await terminal.type('C-c')
    const screen = await terminal.until(/exit \d/)
    const [id = ''] = /job_\w{26}/.exec(screen) ?? []
    expect(screen).toContain(`${id} continues. Follow it: switchyard jobs watch ${id}.`)
    expect(screen).toMatch(/^exit 130$/m)
    expect((await bench.switchyard.api.ok('GET', `/jobs/${id}`)).status).toBe('running')
    await terminal.type('clear; echo $((40+2))', 'Enter')
    await terminal.until(/^42$/m)
  })

  describe('colours', () => {
    beforeEach(async () => {
      await bench.switchyard.api.ok('POST', '/jobs', {
        provider: 'slurm',
        name: 'coloured',
        script: '#!/bin/sh\nsleep 600',
      })
    })

    const list = 'switchyard jobs list --limit 1; echo do"ne"'

    it.each([
      ['are shown', list, true],
      ['are not shown with NO_COLOR', `NO_COLOR=1 ${list}`, false],
      ['are not shown with --no-color', list.replace('--limit', '--no-color --limit'), false],
      ['are not shown in a pipe', list.replace('; echo', ' | cat; echo'), false],
    ])('%s', async (_title, command, isColoured) => {
      terminal = await openTerminal(withService())
      await terminal.type(command, 'Enter')
      await terminal.until(/^done$/m)
      expect((await terminal.screen({ colours: true })).includes('\u001b[')).toBe(isColoured)
    })
  })

  it('completes commands, options, values, ids and files in bash', async () => {
    terminal = await openTerminal(withService())
    await terminal.type('cd; source <(switchyard completion bash); clear', 'Enter')
    await terminal.until(/^\$$/)
    const { id } = await bench.switchyard.api.ok('POST', '/jobs', {
      provider: 'slurm',
      name: 'tab',
      script: '#!/bin/sh\ntrue',
    })
    for (const [typed, expected] of [
      ['switchyard jobs sub', 'switchyard jobs submit '],
      ['switchyard jobs submit --idem', 'switchyard jobs submit --idempotency-key '],
      ['switchyard jobs list -o ya', 'switchyard jobs list -o yaml '],
      ['switchyard jobs submit -f fail', 'switchyard jobs submit -f failing.yaml '],
      [`switchyard jobs get ${id.slice(0, -1)}`, `switchyard jobs get ${id} `],
    ] as const) {
      await terminal.type(typed, 'Tab', '#')
      await terminal.until(new RegExp(`^\\$ ${expected.replaceAll('.', '\\.')}#$`, 'm'))
      await terminal.type('C-u', 'clear', 'Enter')
      await terminal.until(/^\$$/)
    }
  })
})
