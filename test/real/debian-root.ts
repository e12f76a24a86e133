import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installOnce } from '../support/install-once.ts'
import { daemonPath, hasProgram } from './requirements.ts'

/** Where programs run: this system, or a Debian of another suite inside it. */
export interface System {
  /** The path of the root; empty for this system. */
  root: string
  /** The command line of a program there. */
  command(program: string, args: readonly string[], user?: string): [file: string, ...args: string[]]
  /** The path of a file there, as seen from here. */
  outside(path: string): string
  /** The ids of an account there. */
  account(name: string): { uid: number; gid: number }
  /** Ends what the root needs while it is in use. */
  leave(): void
}

/** This system. */
export const hostSystem: System = makeSystem('', () => {})

/** What is missing for a root of another suite. */
export function missingForRoot(): readonly string[] {
  return [
    ...['debootstrap', 'chroot', 'mount'].filter((name) => !hasProgram(name)),
    ...(process.getuid?.() === 0 ? [] : ['root, to lay a root of another Debian and to run daemons in it']),
  ]
}

const script = fileURLToPath(new URL('debian-root.sh', import.meta.url))
const cache = fileURLToPath(new URL('../../.cache/roots', import.meta.url))

/**
 * A root of a Debian suite with these packages. It is laid once, some minutes, and kept in `.cache/roots` until the
 * packages or the script change.
 */
export async function enterDebianRoot(suite: string, packages: readonly string[]): Promise<System> {
  const root = join(cache, suite)
  await installOnce(root, [readFileSync(script), packages.join(',')], async () => {
    mkdirSync(dirname(root), { recursive: true })
    execFileSync('bash', [script, suite, root, packages.join(',')], { env: { PATH: daemonPath }, stdio: 'pipe' })
  })
  copyFileSync('/etc/hosts', join(root, 'etc/hosts'))
  const proc = join(root, 'proc')
  if (!existsSync(join(proc, 'self'))) execFileSync('mount', ['-t', 'proc', 'proc', proc])
  return makeSystem(root, () => {
    execFileSync('umount', ['--lazy', proc])
  })
}

function makeSystem(root: string, leave: () => void): System {
  const account = (name: string) => {
    const entry = readFileSync(`${root}/etc/passwd`, 'utf8')
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
    const [, , uid, gid] = entry?.split(':') ?? []
    if (uid === undefined || gid === undefined)
      throw new Error(`there is no account ${name} in ${root || 'this system'}`)
    return { uid: Number(uid), gid: Number(gid) }
  }
  return {
    root,
    leave,
    account,
    outside: (path) => root + path,
    // Each of these programs becomes the next, so that a signal to the child is a signal to the last.
    command(program, args, user) {
      const inside = root === '' ? [] : ['chroot', root]
      const as =
        user === undefined ? [] : ['setpriv', `--reuid=${user}`, `--regid=${account(user).gid}`, '--init-groups']
      const [file = program, ...rest] = [...inside, ...as, program, ...args]
      return [file, ...rest]
    },
  }
}
