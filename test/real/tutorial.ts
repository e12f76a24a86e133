import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Switchyard, testApiKey } from '../support/switchyard.ts'
import { hasProgram, type Requirements } from './requirements.ts'

/** The commands of a tutorial, and what differs on this machine. */
export interface Tutorial {
  /** Path of the page below `docs`. */
  page: string
  /** Lines with which the first and the last block of commands begin. */
  from: string
  to: string
  /** Texts of the commands and what replaces them. Each must occur. */
  replacements: Readonly<Record<string, string>>
  switchyard: Switchyard
  env?: Readonly<Record<string, string>>
}

/** Programs that the tutorials use, besides those of the engine. */
export const tutorialRequirements: Requirements = {
  what: 'a tutorial',
  missing: ['bash', 'curl', 'jq', 'base64'].filter((name) => !hasProgram(name)),
  install: 'apt-get install --no-install-recommends curl jq',
}

const withinMs = 120_000

/** Runs the commands in an empty directory. Returns what they print; fails as the first of them. */
export async function walkTutorial({ page, from, to, replacements, switchyard, env = {} }: Tutorial): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'switchyard-tutorial-'))
  const commands = replaced(blocksOf(page, { from, to }).join('\n'), replacements)
  const account = { API: switchyard.service.url ?? '', KEY: testApiKey }
  try {
    const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', commands], {
      ...{ cwd: directory, timeout: withinMs, env: { ...process.env, ...account, ...env } },
    })
    return stdout
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function blocksOf(page: string, { from, to }: { from: string; to: string }): readonly string[] {
  const text = readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8')
  const blocks = [...text.matchAll(/^( *)```(?:ba)?sh\n(.*?)\n *```$/gms)].map(([, indent = '', commands = '']) =>
    commands.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
  const first = blocks.findIndex((block) => block.startsWith(from))
  const last = blocks.findIndex((block) => block.startsWith(to))
  if (first < 0 || last < first) throw new Error(`${page} has no commands from \`${from}\` to \`${to}\``)
  return blocks.slice(first, last + 1)
}

function replaced(commands: string, replacements: Readonly<Record<string, string>>): string {
  return Object.entries(replacements).reduce((text, [search, by]) => {
    if (!text.includes(search)) throw new Error(`The commands do not contain \`${search}\`.`)
    return text.replaceAll(search, by)
  }, commands)
}
