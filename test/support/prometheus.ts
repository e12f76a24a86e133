import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeDaemon } from '../real/daemon.ts'
import { daemonPath } from '../real/requirements.ts'
import { freePort } from './free-ports.ts'

export interface Prometheus {
  /** The current samples of a query. */
  query(text: string): Promise<readonly { metric: Readonly<Record<string, string>>; value: number }[]>
  stop(): Promise<void>
}

/** Starts a real Prometheus that scrapes these targets (`host:port` by job name) several times a second. */
export async function startPrometheus(targets: Readonly<Record<string, string>>): Promise<Prometheus> {
  const dir = await mkdtemp(join(tmpdir(), 'switchyard-prometheus-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const jobs = Object.entries(targets).map(([name, target]) => ({
    ...{ job_name: name, static_configs: [{ targets: [target] }] },
  }))
  const configuration = { global: { scrape_interval: '300ms', scrape_timeout: '300ms' }, scrape_configs: jobs }
  // JSON is YAML.
  await writeFile(join(dir, 'prometheus.yml'), JSON.stringify(configuration))
  const daemon = makeDaemon({
    program: 'prometheus',
    args: [
      ...['--config.file', join(dir, 'prometheus.yml'), '--storage.tsdb.path', join(dir, 'data')],
      ...['--web.listen-address', `127.0.0.1:${port}`],
    ],
    ...{ user: null, cwd: dir, logFile: join(dir, 'prometheus.log') },
    isReady: () => fetch(`${url}/-/ready`).then(({ ok }) => ok, Boolean),
  })
  await daemon.start()
  return {
    async query(text) {
      const response = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`)
      const { data } = (await response.json()) as {
        data: { result: { metric: Record<string, string>; value: [number, string] }[] }
      }
      return data.result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }))
    },
    async stop() {
      await daemon.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/** The problems that `promtool check metrics` reports for the output of `/metrics`. */
export function lintMetrics(text: string): { status: number | null; problems: readonly string[] } {
  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
    ...{ input: text, encoding: 'utf8', env: { PATH: daemonPath } },
  })
  return { status, problems: (stdout + stderr).split('\n').filter((line) => line !== '') }
}
