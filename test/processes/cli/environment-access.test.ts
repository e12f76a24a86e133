import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { buildCli, type CliProgram, type CliRun } from '../../support/cli-program.ts'

let cli: CliProgram
let server: Server
let access: object
let bin: string

beforeAll(async () => {
  cli = await buildCli({ SWITCHYARD_API_KEY: 'sy_test' })
  server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(JSON.stringify({ urls: [], ...access }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  bin = join(cli.home, 'fake-bin')
  await mkdir(bin, { recursive: true })
})

afterAll(async () => {
  server?.close()
  await cli?.remove()
})

/** Adds a program to the PATH of the CLI. */
async function addProgram(name: string, script: string): Promise<void> {
  await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`)
  await chmod(join(bin, name), 0o755)
}

function run(args: readonly string[], options: CliRun = {}) {
  const { port } = server.address() as AddressInfo
  const env = { SWITCHYARD_URL: `http://127.0.0.1:${port}`, PATH: `${bin}:${process.env.PATH}`, TMPDIR: cli.home }
  return cli.run(['environments', ...args], { ...options, env: { ...env, ...options.env } })
}

describe('environments ssh', () => {
  beforeAll(() => addProgram('ssh', 'printf "[%s]" "$@"; exit 42'))

  const ssh = (...args: string[]) => run(['ssh', 'env_1', ...args])

  it('runs ssh with the login and arguments and exits with its code', async () => {
    access = { ssh: { host: 'node-1.example.com', port: 2222, user: 'ada' } }
    const { code, stdout } = await ssh('--', 'ls', '-l', 'a b')
    expect([code, stdout]).toEqual([42, '[-p][2222][-l][ada][--][node-1.example.com][ls][-l][a b]'])
    const { stdout: printed } = await ssh('--print', '--', 'echo', "it's")
    expect(printed).toBe("ssh -p 2222 -l ada -- node-1.example.com echo 'it'\\''s'\n")
  })

  it.each([
    [{ ssh: { host: '-oProxyCommand=touch /tmp/x', port: 22 } }, 'unexpected characters'],
    [{ ssh: { host: 'a', port: 22, user: '-oProxyCommand=x' } }, 'unexpected characters'],
    [{}, 'offers no SSH login'],
  ])('does not run ssh for %j', async (response, message) => {
    access = response
    expect(await ssh()).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(message) })
  })
})

describe('environments open', () => {
  const url = 'https://hub.example/lab?x=1&token=sy_secret'

  beforeAll(() => {
    access = { urls: [{ name: 'lab', url }] }
  })

  it('passes the browser a private file instead of the URL with the token', async () => {
    await addProgram('xdg-open', 'stat -c "%a %n" "$1" > "$HOME/opened"; cat "$1" >> "$HOME/opened"; kill -INT "$PPID"')
    // The file remains while a browser may start; Ctrl-C ends that.
    const exit = await run(['open', 'env_1'])
    expect(exit).toMatchObject({ code: 0, stdout: '', stderr: 'Opened https://hub.example.\n' })
    const [line = '', ...page] = (await readFile(join(cli.home, 'opened'), 'utf8')).split('\n')
    expect(line).toMatch(/^600 \/.*\.html$/)
    expect(page.join('\n')).toContain('content="0; url=https://hub.example/lab?x=1&amp;token=sy_secret"')
    expect((await readdir(cli.home)).filter((name) => name.startsWith('switchyard-open-'))).toEqual([])
  })

  it('suggests --print if no browser starts', async () => {
    const exit = await run(['open', 'env_1'], { env: { PATH: '/nowhere' } })
    expect(exit).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('Use --print') })
    expect(exit.stderr).not.toContain('sy_secret')
  })
})
