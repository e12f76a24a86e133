import { expect } from 'vitest'
import type { KubeCall, KubeClient } from '../../../src/providers/kubernetes/client.ts'
import { readLogs } from '../../../src/providers/kubernetes/logs.ts'
import type { LogChunk } from '../../../src/providers/observation.ts'

export const { signal } = new AbortController()

export const podOf = (name: string, index = 0) => ({
  metadata: { name, annotations: { 'batch.kubernetes.io/job-completion-index': String(index) } },
  status: {},
})

/** A client whose log call returns what `read` does for the name of a pod. */
export function logClient(read: (pod: string, query: Readonly<Record<string, string>>) => string) {
  const calls: KubeCall[] = []
  const text = async (call: KubeCall) => {
    calls.push(call)
    return read(/pods\/([^/]+)\/log$/.exec(call.path)?.[1] ?? '', call.query ?? {})
  }
  const client: Pick<KubeClient, 'path' | 'text'> = { path: (_resource, name) => `pods/${name}`, text }
  return { client: client as KubeClient, calls }
}

export async function chunksOf(client: KubeClient, pods: ReturnType<typeof podOf>[]): Promise<LogChunk[]> {
  const chunks: LogChunk[] = []
  let cursor: string | null = null
  while (chunks.length < 100) {
    const chunk: LogChunk = await readLogs(client, { pods, isComplete: true, isNamed: pods.length > 1, cursor }, signal)
    chunks.push(chunk)
    if (chunk.next === undefined) return chunks
    cursor = chunk.next
  }
  return expect.fail('the log never ends')
}

export async function readAll(client: KubeClient, pods: ReturnType<typeof podOf>[]): Promise<string> {
  return (await chunksOf(client, pods)).map(({ text = '' }) => text).join('')
}

/** What a runtime stores: a part of a line, of which the last one ends it. */
export interface Entry {
  /** With nine digits, in the time zone of the node. */
  at: string
  text: string
  isPart?: true
}

/** `ReadLogs` of the kubelet (k8s.io/cri-client/pkg/logs): entries before `sinceTime` are skipped, and a line has one time. */
function kubelet(entries: readonly Entry[], { sinceTime, limitBytes = '0' }: Readonly<Record<string, string>>): string {
  const sinceMs = sinceTime === undefined ? 0 : Date.parse(sinceTime)
  const written: string[] = []
  let isNewLine = true
  for (const { at, text, isPart = false } of entries) {
    if (Date.parse(at) >= sinceMs) written.push(isNewLine ? `${at} ` : '', text, isPart ? '' : '\n')
    isNewLine = !isPart
  }
  return Buffer.from(written.join('')).subarray(0, Number(limitBytes)).toString('utf8')
}

/** A client of a kubelet whose pods all have the log. */
export const kubeletClient = (...entries: Entry[]) => logClient((_pod, query) => kubelet(entries, query)).client

/** A time with nine digits. */
export const timeAt = (second: number, nanos = 0, zone = 'Z') =>
  `2026-01-05T12:00:${String(second).padStart(2, '0')}.${String(nanos).padStart(9, '0')}${zone}`
