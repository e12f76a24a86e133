import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDaemon } from '../real/daemon.ts'
import { freePort } from './free-ports.ts'

export interface RealProxy {
  url: string
  stop(): Promise<void>
}

/** The only user and the only allowed port of tunnels. */
export interface RealProxyOptions {
  username: string
  password: string
  allowedPort: number
}

type Program = 'tinyproxy' | 'squid'

/** Starts the packaged program on a free port, with CONNECT to one port only and basic authentication. */
export async function startRealProxy(program: Program, options: RealProxyOptions): Promise<RealProxy> {
  const dir = await mkdtemp(join(tmpdir(), `switchyard-${program}-`))
  // Squid switches from root to a separate user, who writes the log here.
  await chmod(dir, 0o777)
  const port = await freePort()
  const file = join(dir, `${program}.conf`)
  await writeFile(file, configurations[program]({ ...options, dir, port }))
  await writeFile(join(dir, 'check-user'), checkUser(options), { mode: 0o755 })
  const daemon = makeDaemon({
    ...{ program, args: argsOf(program, { file, port }), user: null, cwd: dir },
    logFile: join(dir, 'log'),
    isReady: () => accepts(port),
  })
  await daemon.start()
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      await daemon.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** A unique service name separates the shared memory of several Squid processes. */
function argsOf(program: Program, { file, port }: { file: string; port: number }): readonly string[] {
  return program === 'squid' ? ['-N', '-n', `switchyard${port}`, '-f', file] : ['-d', '-c', file]
}

type Settings = RealProxyOptions & { dir: string; port: number }

const configurations: Readonly<Record<Program, (settings: Settings) => string>> = {
  tinyproxy: ({ port, username, password, allowedPort }) => `
Port ${port}
Listen 127.0.0.1
Timeout 30
LogLevel Info
Allow 127.0.0.1
BasicAuth ${username} ${password}
ConnectPort ${allowedPort}
`,
  squid: ({ dir, port, allowedPort }) => `
http_port 127.0.0.1:${port}
pid_filename ${dir}/squid.pid
cache deny all
cache_mem 0
memory_cache_shared off
access_log none
cache_log ${dir}/cache.log
coredump_dir ${dir}
shutdown_lifetime 1 seconds
auth_param basic program ${dir}/check-user
auth_param basic children 1
acl known proxy_auth REQUIRED
acl allowed_port port ${allowedPort}
acl CONNECT method CONNECT
http_access deny !known
http_access deny CONNECT !allowed_port
http_access allow CONNECT
http_access deny all
`,
}

/** Squid authenticates users with a helper, by lines of name and password. */
function checkUser({ username, password }: RealProxyOptions): string {
  return `#!/bin/sh
while read -r pair; do
  if [ "$pair" = '${username} ${password}' ]; then echo OK; else echo ERR; fi
done
`
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}
