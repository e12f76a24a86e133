import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTracing } from '../../src/commands/tracing.ts'
import { readConfig } from '../../src/config/config.ts'
import { run } from '../sdks/run-command.ts'
import { missing } from '../sdks/toolchains.ts'
import { install } from '../sdks/tools.ts'
import { freePort } from '../support/free-ports.ts'

const source = join(import.meta.dirname, 'collector')
const reason = process.env.REQUIRE_DEPLOY === '1' ? '' : missing(['collector']).join(', ')
if (reason !== '') process.stderr.write(`skipped: OpenTelemetry Collector tests: requires ${reason}\n`)

const parent = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }

/** A minimal OpenTelemetry Collector that receives OTLP over HTTP and prints the spans. */
async function collectorProgram(): Promise<string> {
  const files = await Promise.all(['go.sum', 'main.go'].map((name) => readFile(join(source, name), 'utf8')))
  const directory = await install('collector', files, async ({ cwd, env }) => {
    const build = ['go', 'build', '-ldflags=-s -w', '-o', join(cwd, 'collector'), '.']
    await run(build, { cwd: source, env }, 1_000_000)
  })
  return join(directory, 'collector')
}

describe.skipIf(reason !== '')(`OpenTelemetry Collector${reason && ` [skipped: requires ${reason}]`}`, () => {
  let [collector, url, output] = [undefined as ChildProcess | undefined, '', '']

  beforeAll(async () => {
    const program = await collectorProgram()
    const endpoint = `127.0.0.1:${await freePort()}`
    url = `http://${endpoint}`
    const config = {
      receivers: { otlp: { protocols: { http: { endpoint } } } },
      exporters: { debug: { verbosity: 'detailed' } },
      service: {
        telemetry: { metrics: { level: 'none' } },
        pipelines: { traces: { receivers: ['otlp'], exporters: ['debug'] } },
      },
    }
    const started = spawn(program, ['--config', `yaml:${JSON.stringify(config)}`], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    collector = started
    started.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
    await vi.waitUntil(() => output.includes('Everything is ready'), { timeout: 50_000 })
  })

  afterAll(async () => {
    if (collector?.exitCode !== null) return
    collector.kill()
    await once(collector, 'exit')
  })

  /** Exports a server span and its child client span with these settings. */
  async function exportWith(variables: Readonly<Record<string, string>>, name: string): Promise<void> {
    const warnings: string[] = []
    const config = readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: url, ...variables })
    const tracing = await startTracing(config, '1.2.3', { warn: (_context, message) => void warnings.push(message) })
    const traceparent = `00-${parent.traceId}-${parent.spanId}-01`
    await tracing.span(
      { name, kind: 'server', parent: traceparent, attributes: { 'http.request.method': 'POST' } },
      () => tracing.span({ name: `${name} call`, kind: 'client' }, async (span) => span.fail('rate_limited')),
    )
    await tracing.close()
    expect(warnings).toEqual([])
  }

  it.each(['http/protobuf', 'http/json'])(
    'receives spans with parent, kind, status and attributes over %s',
    async (protocol) => {
      const name = `POST /${protocol}`
      await exportWith({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol }, name)
      const findSpan = (spanName: string) => parseSpans(output).find(({ Name }) => Name === spanName)
      await expect.poll(() => findSpan(name)).toBeDefined()
      const [request, call] = [findSpan(name), findSpan(`${name} call`)]
      expect(request).toMatchObject({ 'Trace ID': parent.traceId, 'Parent ID': parent.spanId, Kind: 'Server' })
      expect(request).toMatchObject({ 'Status code': 'Unset', 'http.request.method': 'Str(POST)' })
      expect(call).toMatchObject({ 'Trace ID': parent.traceId, 'Parent ID': request?.ID, Kind: 'Client' })
      expect(call).toMatchObject({ 'Status code': 'Error', 'error.type': 'Str(rate_limited)' })
      expect(output).toContain('-> service.version: Str(1.2.3)')
    },
  )
})

/** Parses spans and their attributes from the output of the debug exporter. */
function parseSpans(text: string): readonly Readonly<Record<string, string>>[] {
  return text
    .split(/^Span #\d+$/m)
    .slice(1)
    .map((part) => {
      const [span = ''] = part.split(/(?:Resource|Scope)Spans #/)
      const fields = span.matchAll(/^ +(?:-> )?([\w. ]+?) *: (.+)$/gm)
      return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, value]))
    })
}
