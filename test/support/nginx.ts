import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDaemon } from '../real/daemon.ts'
import { freePort } from './free-ports.ts'

export interface Nginx {
  url: string
  stop(): Promise<void>
}

/**
 * Starts a real nginx in front of these ports, with keep-alive upstream connections as its documentation recommends.
 * `prefix` starts and ends with a slash; it is removed from forwarded requests.
 */
export async function startNginx(
  upstreamPorts: readonly number[],
  { prefix = '/' }: { prefix?: string } = {},
): Promise<Nginx> {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-nginx-'))
  const port = await freePort()
  const configuration = join(dir, 'nginx.conf')
  await mkdir(join(dir, 'tmp'))
  await writeFile(configuration, configurationOf({ dir, port, upstreamPorts, prefix }))
  const daemon = makeDaemon({
    ...{ program: 'nginx', args: ['-p', dir, '-c', configuration, '-e', 'stderr'], user: null, cwd: dir },
    logFile: join(dir, 'nginx.log'),
    isReady: () => fetch(`http://127.0.0.1:${port}/nginx-is-up`).then(({ ok }) => ok, Boolean),
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

interface NginxSettings {
  dir: string
  port: number
  upstreamPorts: readonly number[]
  prefix: string
}

/**
 * Runs as one process, with temporary directories writable by the test user. max_fails=0 keeps failed upstreams in use:
 * otherwise both would soon be marked as down.
 */
function configurationOf({ dir, port, upstreamPorts, prefix }: NginxSettings): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
daemon off;
master_process off;
pid ${dir}/nginx.pid;
error_log stderr error;
events { worker_connections 512; }
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${dir}/tmp/${name};`).join('\n  ')}
  upstream switchyard {
    ${upstreamPorts.map((upstream) => `server 127.0.0.1:${upstream} max_fails=0;`).join('\n    ')}
    keepalive 32;
  }
  server {
    listen 127.0.0.1:${port};
    location = /nginx-is-up { return 204; }
    location ${prefix} {
      proxy_pass http://switchyard${prefix === '/' ? '' : '/'};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`
}
