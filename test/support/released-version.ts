import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The version with which the next release must be able to run. A release updates it. */
export const released = { version: '0.2.0', commit: '4c82f5e5bbd092928adffef667b87a390966e6f5' }

const root = fileURLToPath(new URL('../..', import.meta.url))

/** False in a shallow clone and in a copy without history. */
export function hasReleased(): boolean {
  return spawnSync('git', ['cat-file', '-e', `${released.commit}^{commit}`], { cwd: root }).status === 0
}

/**
 * Extracts the released version below `.cache/`, generates its database client and returns the path of its `main.ts`.
 * Later runs reuse it.
 */
export async function installReleased(): Promise<string> {
  const dir = join(root, '.cache', 'released', released.version)
  if (!existsSync(dir)) {
    const unfinished = `${dir}.${process.pid}`
    await mkdir(unfinished, { recursive: true })
    try {
      run('sh', ['-c', `git archive ${released.commit} | tar -x -C '${unfinished}'`], root)
      run(process.execPath, ['scripts/run.mjs', 'prisma', 'generate'], unfinished)
      await rename(unfinished, dir)
    } finally {
      await rm(unfinished, { recursive: true, force: true })
    }
  }
  return join(dir, 'src', 'main.ts')
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${error?.message ?? stderr}`)
}
