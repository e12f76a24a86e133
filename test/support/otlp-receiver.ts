import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { endAfterFile } from './end-after-file.ts'

/** A span received by a collector. */
export interface ReceivedSpan {
  traceId: string
  spanId: string
  /** Empty for the first span of a trace. */
  parentSpanId: string
  name: string
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number
  /** Whether the span has the status error. */
  isError: boolean
  attributes: Readonly<Record<string, unknown>>
  /** Attributes of the process. */
  resource: Readonly<Record<string, unknown>>
}

/** An OTLP/HTTP collector: https://opentelemetry.io/docs/specs/otlp/#otlphttp */
export interface OtlpReceiver {
  url: string
  /** All spans received as JSON. */
  spans(): readonly ReceivedSpan[]
  /** Received requests in either encoding. */
  readonly requests: readonly { path: string; headers: Readonly<Record<string, unknown>>; body: Buffer }[]
  close(): Promise<void>
}

interface Value {
  stringValue?: string
  intValue?: string | number
  boolValue?: boolean
  doubleValue?: number
}

interface KeyValue {
  key: string
  value: Value
}

interface TraceData {
  resourceSpans: {
    resource: { attributes: KeyValue[] }
    scopeSpans: {
      spans: (Omit<ReceivedSpan, 'attributes' | 'isError'> & { attributes: KeyValue[]; status: { code?: number } })[]
    }[]
  }[]
}

export async function startOtlpReceiver(): Promise<OtlpReceiver> {
  const requests: OtlpReceiver['requests'][number][] = []
  const server = createServer((request, response) => {
    void buffer(request).then((sent) => {
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent
      requests.push({ path: request.url ?? '', headers: request.headers, body })
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    spans: () =>
      requests.flatMap(({ headers, body }) =>
        headers['content-type'] === 'application/json' ? spansIn(JSON.parse(body.toString()) as TraceData) : [],
      ),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export async function useOtlpReceiver(): Promise<OtlpReceiver> {
  return endAfterFile(await startOtlpReceiver(), (receiver) => receiver.close())
}

function spansIn({ resourceSpans }: TraceData): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ attributes, status, parentSpanId = '', ...span }) => ({
        ...{ ...span, parentSpanId, isError: status.code === 2 },
        attributes: valuesOf(attributes),
        resource: valuesOf(resource.attributes),
      })),
    ),
  )
}

function valuesOf(attributes: readonly KeyValue[]): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue),
    ]),
  )
}
