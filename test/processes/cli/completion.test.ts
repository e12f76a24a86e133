import { execFile } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasProgram } from '../../real/requirements.ts'
import { buildCli, type CliProgram } from '../../support/cli-program.ts'

let cli: CliProgram
let bin: string

beforeAll(async () => {
  cli = await buildCli()
  bin = join(cli.home, 'bin')
  await mkdir(bin, { recursive: true })
  await symlink(cli.path, join(bin, 'switchyard'))
})

afterAll(() => cli?.remove())

/** Runs a program with the CLI in its PATH. */
async function inShell(program: string, ...args: readonly string[]): Promise<string> {
  const env = { HOME: cli.home, PATH: `${bin}:${process.env.PATH}` }
  return (await promisify(execFile)(program, [...args], { env })).stdout
}

/** Per shell: a program that uses the completion script, and its expected output. */
const shells: Readonly<
  Record<string, { program: (script: string) => string; options: readonly string[]; prints: RegExp }>
> = {
  bash: {
    program: (script) =>
      `source ${script}; COMP_LINE='switchyard jo' COMP_POINT=13; _switchyard 2>/dev/null; echo "\${COMPREPLY[@]}"`,
    ...{ options: ['--norc'], prints: /^jobs$/m },
  },
  fish: {
    program: (script) => `source ${script}; complete -C 'switchyard jo'`,
    ...{ options: ['--no-config'], prints: /^jobs\b/m },
  },
  // zsh completes only in its line editor.
  zsh: {
    program: (script) => `autoload -U compinit; compinit -D; source ${script}; print $_comps[switchyard]`,
    ...{ options: ['-f'], prints: /^_switchyard$/m },
  },
}

describe.each(Object.entries(shells))('completion script for %s', (shell, { program, options, prints }) => {
  const skipped = hasProgram(shell) ? '' : ` [skipped: it needs ${shell}; get it with: apt-get install ${shell}]`
  if (skipped !== '') process.stderr.write(`completion script for ${shell}${skipped}\n`)

  it.skipIf(skipped !== '')(`is valid and completes commands${skipped}`, async () => {
    const { code, stdout } = await cli.run(['completion', shell])
    expect(code).toBe(0)
    const script = join(cli.home, `completion.${shell}`)
    await writeFile(script, stdout)
    await inShell(shell, '-n', script)
    expect(await inShell(shell, ...options, '-c', program(script))).toMatch(prints)
  })
})
