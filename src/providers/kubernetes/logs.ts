import type { JsonObject } from '../../vocabulary/json.ts'
import type { LogChunk } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { KubeClient } from './client.ts'
import { type LogLine, linesIn } from './log-lines.ts'
import { after, cursorOf, type Place, placeOf, startOf, unread } from './log-place.ts'
import { pods as podResource } from './objects.ts'
import { factsOf, inOrder, mainContainerOf } from './pods.ts'

/** Bytes of one chunk, timestamps included. */
const chunkBytes = 1_048_576
/** Maximum bytes of one read, which may have to skip known lines of the same second. */
const maxBytes = 16 * chunkBytes

interface LogQuery {
  pods: readonly JsonObject[]
  isComplete: boolean
  /** Whether the log begins with the name of its pod. Other pods always have theirs. */
  isNamed: boolean
  cursor: string | null
}

/**
 * The concatenated logs of the pods, in chunks. Kubernetes has no offsets: a chunk continues at the second of the last
 * line's time, and known lines are dropped. A log that does not exist yet is empty.
 */
export async function readLogs(
  client: KubeClient,
  { pods, isComplete, isNamed, cursor }: LogQuery,
  signal: AbortSignal,
): Promise<LogChunk> {
  const place = placeOf(cursor)
  const ordered = pods.map((pod) => ({ ...factsOf(pod), container: mainContainerOf(pod) })).sort(inOrder)
  const pod = ordered[place.index]
  if (pod === undefined) return { links: [] }
  const part = await readPart(client, { ...pod, place }, signal)
  const next = part.isCut ? after(place, part) : startOf(place.index + 1)
  const isEnd = next.index >= ordered.length
  const isAllOmitted = part.isCut && part.lines.length === 0
  const lines = [
    ...headerOf(pod.name, place, isNamed),
    ...(isAllOmitted ? [note(`[Lines are omitted: more than ${maxBytes} bytes in one second.]`)] : part.lines),
    ...(isEnd && !isComplete
      ? [note(`[The logs of further pods are omitted: more than ${ordered.length} pods.]`)]
      : []),
  ]
  const text = lines.map((line) => `${line.text}\n`).join('')
  // The note after the last pod follows on a line of its own.
  const isOpen = part.isLastLineOpen && (!isEnd || isComplete)
  return {
    text: isOpen ? text.slice(0, -1) : text,
    lineTimes: lines.map(({ at }) => (at === '' ? null : at)),
    links: [],
    ...(isEnd ? {} : { next: cursorOf(next) }),
  }
}

/** A line that no pod wrote. */
const note = (text: string): LogLine => ({ at: '', text })

/**
 * The name of a pod, before its first line. The line before it may have no end yet: it must not get one in its own part,
 * since a later read would contain other text.
 */
function headerOf(podName: string, { index, at }: Place, isFirstNamed: boolean): readonly LogLine[] {
  if (at !== '') return []
  const name = note(`==> ${podName} <==`)
  if (index === 0) return isFirstNamed ? [name] : []
  return [note(''), name]
}

/** What is read next: the log of a container of a pod, from a place on. */
interface Position {
  name: string
  container: string
  place: Place
}

interface Part {
  lines: readonly LogLine[]
  /** Whether the log continues behind the lines. */
  isCut: boolean
  /** Whether the last line may become longer. */
  isLastLineOpen: boolean
  /** The time of the line at which the read was cut; empty without one. */
  cutAt: string
}

/** Increases the limit while only known lines are returned. */
async function readPart(client: KubeClient, at: Position, signal: AbortSignal): Promise<Part> {
  for (let limitBytes = chunkBytes; ; limitBytes *= 4) {
    const part = await readBytes(client, { ...at, limitBytes }, signal)
    if (part.lines.length === 0 && part.isCut && limitBytes < maxBytes) continue
    const lines = headOf(part.lines)
    return lines.length === part.lines.length ? part : { ...part, lines, isCut: true, isLastLineOpen: false }
  }
}

/** The lines that fit in a chunk with their times, at least one. */
function headOf(lines: readonly LogLine[]): readonly LogLine[] {
  let left = chunkBytes
  const end = lines.findIndex(({ at, text }) => {
    left -= at.length + Buffer.byteLength(text) + 2
    return left < 0
  })
  return end < 0 ? lines : lines.slice(0, Math.max(end, 1))
}

async function readBytes(
  client: KubeClient,
  { name, container, place, limitBytes }: Position & { limitBytes: number },
  signal: AbortSignal,
): Promise<Part> {
  const path = `${client.path(podResource, name)}/log`
  const since: Record<string, string> = place.at === '' ? {} : { sinceTime: `${place.at.slice(0, 19)}Z` }
  const query = { container, timestamps: 'true', limitBytes: String(limitBytes), ...since }
  const text = await client.text({ method: 'GET', path, query }, { signal }).catch((error: unknown) => {
    if (isNotThereYet(error)) return ''
    throw error
  })
  const isCut = Buffer.byteLength(text) >= limitBytes
  const { lines, open } = linesIn(text)
  const isLastLineOpen = !isCut && open !== null
  return {
    lines: unread(isLastLineOpen ? [...lines, open] : lines, place),
    ...{ isCut, isLastLineOpen, cutAt: open?.at ?? '' },
  }
}

/** The container has not started, or its pod was deleted. */
function isNotThereYet(error: unknown): boolean {
  if (!(error instanceof ProviderError)) return false
  if (error.code === 'not_found') return true
  const isWaiting = /waiting to start|trying and failing to pull image|does not have a host assigned|not found/
  return error.httpStatus === 400 && error.providerCode === 'BadRequest' && isWaiting.test(error.message)
}
