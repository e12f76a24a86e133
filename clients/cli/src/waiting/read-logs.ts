import type { Switchyard } from '@switchyard/client'

type Jobs = Switchyard['jobs']

export interface ReadLogsOptions {
  /** Continues until the job has finished. */
  follow: boolean
  signal: AbortSignal
  onText(text: string): void
  /** A link to output that the provider offers instead of, or beside, the text. */
  onLink(link: { name: string; url: string }): void
}

/** Parts that are read at most, in case a provider never ends. */
const maxParts = 10_000

/** Reads the output of a job: the text, then the links. */
export async function readLogs(jobs: Jobs, id: string, options: ReadLogsOptions): Promise<void> {
  const { follow, signal, onText, onLink } = options
  if (follow) for await (const { text } of jobs.followLogs(id, { signal })) onText(text)
  const links = new Map<string, { name: string; url: string }>()
  for await (const chunk of partsOf(jobs, id, signal)) {
    if (!follow) onText(chunk.text ?? '')
    for (const link of chunk.links) links.set(link.url, link)
  }
  for (const link of links.values()) onLink(link)
}

async function* partsOf(jobs: Jobs, id: string, signal: AbortSignal) {
  let cursor: string | undefined
  for (let parts = 0; parts < maxParts; parts += 1) {
    const chunk = await jobs.logs(id, { signal, ...(cursor === undefined ? {} : { cursor }) })
    yield chunk
    cursor = chunk.next
    if (cursor === undefined) return
  }
}
