import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildProgram } from '../support/built-program.ts'
import { testApiKey, testSecretsKey } from '../support/switchyard.ts'
import { createTestDatabase, type TestDatabase } from '../support/test-database.ts'

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url))

/**
 * Runs the program like a pod: user 1000 without capabilities, everything read-only except an empty /tmp. Bind mounts make
 * the program readable to that user in any location.
 */
const script = `
  set -e
  program=$1 modules=$2
  shift 2
  mount -t tmpfs tmpfs /mnt
  mkdir /mnt/app
  mount --bind "$program" /mnt/app
  mount --bind "$modules" /mnt/app/node_modules
  mount -t tmpfs -o mode=1777 tmpfs /tmp
  for each in / /mnt/app /mnt/app/node_modules; do mount -o remount,bind,ro "$each"; done
  mount -o remount,ro /mnt
  cd /mnt/app
  exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
`

const canContain =
  process.getuid?.() === 0 &&
  spawnSync('unshare', ['--mount', 'setpriv', '--version'], { stdio: 'ignore' }).status === 0

/** Starts a process in a separate mount namespace, with only this environment. */
function start(directory: string, command: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const mounts = ['--mount', '--propagation', 'private', 'sh', '-c', script, 'sh', directory, modules]
  return spawn('unshare', [...mounts, ...command], {
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

async function finished(child: ChildProcess): Promise<{ code: unknown; output: string }> {
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  return { code, output }
}

const node = 'node_modules/node/bin/node'
const program = [node, '--max-semi-space-size=16', '--enable-source-maps', 'dist/main.js']

const skipped = canContain ? '' : ' [skipped: it needs root, and unshare and setpriv of util-linux]'
if (!canContain) process.stderr.write(`read-only root${skipped}\n`)

describe.skipIf(!canContain)(`program as user 1000 with a read-only root${skipped}`, () => {
  let directory: string
  let database: TestDatabase
  const children: ChildProcess[] = []

  beforeAll(async () => {
    directory = await buildProgram()
    await rm(join(directory, 'node_modules'))
    await mkdir(join(directory, 'node_modules'))
    // Temporary directories are accessible only to their owner.
    await chmod(directory, 0o755)
    database = await createTestDatabase()
  })

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL')
    await database.drop()
    await rm(directory, { recursive: true })
  })

  it('can write only in /tmp', async () => {
    const places = ['.', 'dist', 'node_modules', '/', '/mnt', '/var/tmp', '/tmp']
    const attempt = `for place in ${places.join(' ')}; do if touch $place/x 2>/dev/null; then echo wrote $place; fi; done; id -u`
    const { output } = await finished(start(directory, ['sh', '-c', attempt], {}))
    expect(output).toBe('wrote /tmp\n1000\n')
  })

  it('migrates an empty database', async () => {
    const client = new Client({ connectionString: database.url })
    await client.connect()
    await client.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public; DROP SCHEMA bullmq CASCADE')
    await client.end()
    const { code, output } = await finished(start(directory, [...program, 'migrate'], { DATABASE_URL: database.url }))
    expect(output).toContain('database migrated')
    expect(code).toBe(0)
  })

  it.each(['api', 'all'])('starts, becomes ready and stops with ROLE=%s', async (role) => {
    const child = start(directory, [...program, 'serve'], {
      ...{ ROLE: role, PORT: '0', DATABASE_URL: database.url, SECRETS_KEY: testSecretsKey },
      ...{ BOOTSTRAP_API_KEY: testApiKey, SHUTDOWN_DRAIN_MS: '0' },
    })
    children.push(child)
    const end = finished(child)
    expect(await statusOf(`${await readyUrl(child)}/readyz`)).toBe(200)
    child.kill('SIGTERM')
    expect(await end).toMatchObject({ code: 0, output: expect.not.stringMatching(/EROFS|EACCES|read-only/i) })
  })
})

const statusOf = async (url: string): Promise<number> => (await fetch(url)).status

/** The URL in the log line of the ready service. */
async function readyUrl({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('The process has no output.')
  for await (const line of createInterface(stdout)) {
    const { msg, url } = JSON.parse(line)
    if (msg === 'ready') return url
  }
  throw new Error('The process ended before it was ready.')
}
