import type { Switchyard } from '@switchyard/client'

type Jobs = Pick<Switchyard['jobs'], 'logs' | 'followLogs'>

export interface ReadLogsOptions {
  /** Continues until the job has finished. */
  follow: boolean
  /** Begins each line with its time. */
  timestamps?: boolean | undefined
  signal: AbortSignal
  onText(text: string): void
  /** A link to output that the provider offers instead of, or in addition to, the text. */
  onLink(link: { name: string; url: string }): void
  /** Missing part of the output. */
  onNote(text: string): void
}

/** Maximum number of parts, in case a provider always returns a next one. */
const maxParts = 10_000

/** Reads the output of a job: the text, then the links. */
export async function readLogs(jobs: Jobs, id: string, options: ReadLogsOptions): Promise<void> {
  const { follow, signal, timestamps, onText } = options
  if (!follow) return readParts(jobs, id, options)
  for await (const { text } of jobs.followLogs(id, { signal, timestamps })) onText(text)
  try {
    await readParts(jobs, id, { ...options, onText: () => undefined })
  } catch (error) {
    // A job that is canceled before its creation has no output, which is not an error.
    if (!isConflict(error)) throw error
  }
}

async function readParts(jobs: Jobs, id: string, options: ReadLogsOptions): Promise<void> {
  const links = new Map<string, { name: string; url: string }>()
  for await (const chunk of partsOf(jobs, id, options)) {
    options.onText(chunk.text ?? '')
    for (const link of chunk.links) links.set(link.url, link)
  }
  for (const link of links.values()) options.onLink(link)
}

async function* partsOf(jobs: Jobs, id: string, { signal, timestamps, onNote }: ReadLogsOptions) {
  let cursor: string | undefined
  for (let parts = 0; parts < maxParts; parts += 1) {
    const chunk = await jobs.logs(id, { signal, timestamps, ...(cursor === undefined ? {} : { cursor }) })
    yield chunk
    if (chunk.next === undefined || chunk.next === cursor) return
    cursor = chunk.next
  }
  onNote(`The output has more than ${maxParts} parts, of which the first ${maxParts} were read.`)
}

function isConflict(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'conflict'
}
