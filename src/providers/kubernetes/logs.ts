import type { JsonObject } from '../../vocabulary/json.ts'
import type { LogChunk } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import type { KubeClient } from './client.ts'
import { pods as podResource } from './objects.ts'
import { containerName } from './pod-template.ts'
import { factsOf } from './pods.ts'

/** Bytes of one chunk, timestamps included. */
const chunkBytes = 1_048_576
/** Maximum bytes of one read, which may have to skip known lines of the same second. */
const maxBytes = 16 * chunkBytes

/** A position in the log of one pod: after `count` lines with the timestamp `at`. */
interface Place {
  index: number
  at: string
  count: number
}

const start: Place = { index: 0, at: '', count: 0 }

/**
 * The concatenated logs of the pods, in chunks. Kubernetes has no offsets: a chunk continues at the second of the last
 * timestamp, and known lines are dropped. A log that does not exist yet is empty.
 */
export async function readLogs(
  client: KubeClient,
  { pods, isComplete, cursor }: { pods: readonly JsonObject[]; isComplete: boolean; cursor: string | null },
  signal: AbortSignal,
): Promise<LogChunk> {
  const place = placeOf(cursor)
  const names = pods
    .map(factsOf)
    .sort((a, b) => a.index - b.index)
    .map(({ name }) => name)
  const name = names[place.index]
  if (name === undefined) return { links: [] }
  const { lines, isCut } = await readChunk(client, { name, place }, signal)
  const heading = names.length > 1 && place.at === '' ? `==> ${name} <==\n` : ''
  const text = heading + lines.map(({ text: line }) => `${line}\n`).join('')
  const next = isCut ? behind(place, lines) : { ...start, index: place.index + 1 }
  if (isCut && lines.length === 0) {
    const omitted = `[Lines are omitted: more than ${maxBytes} bytes in one second.]\n`
    return { text: heading + omitted, links: [], next: cursorOf(next) }
  }
  if (next.index < names.length) return { text, links: [], next: cursorOf(next) }
  const omitted = isComplete ? '' : `[The logs of further pods are omitted: more than ${names.length} pods.]\n`
  return { text: text + omitted, links: [] }
}

interface Line {
  at: string
  text: string
}

/** Increases the limit while only known lines are returned. */
async function readChunk(
  client: KubeClient,
  at: { name: string; place: Place },
  signal: AbortSignal,
): Promise<{ lines: readonly Line[]; isCut: boolean }> {
  for (let limitBytes = chunkBytes; ; limitBytes *= 4) {
    const { lines, isCut } = await readBytes(client, { ...at, limitBytes }, signal)
    if (lines.length === 0 && isCut && limitBytes < maxBytes) continue
    const some = headOf(lines)
    return { lines: some, isCut: isCut || some.length < lines.length }
  }
}

/** The lines that fit in a chunk. */
function headOf(lines: readonly Line[]): readonly Line[] {
  let left = chunkBytes
  const end = lines.findIndex(({ text }) => {
    left -= Buffer.byteLength(text) + 1
    return left < 0
  })
  return end <= 0 ? lines : lines.slice(0, end)
}

async function readBytes(
  client: KubeClient,
  { name, place, limitBytes }: { name: string; place: Place; limitBytes: number },
  signal: AbortSignal,
): Promise<{ lines: readonly Line[]; isCut: boolean }> {
  const path = `${client.path(podResource, name)}/log`
  const since: Record<string, string> = place.at === '' ? {} : { sinceTime: `${place.at.slice(0, 19)}Z` }
  const query = { container: containerName, timestamps: 'true', limitBytes: String(limitBytes), ...since }
  const text = await client.text({ method: 'GET', path, query }, { signal }).catch((error: unknown) => {
    if (isNotThereYet(error)) return ''
    throw error
  })
  const isCut = Buffer.byteLength(text) >= limitBytes
  // The text after the last line feed is empty or a partial line.
  const isLastLineComplete = !isCut && text !== '' && !text.endsWith('\n')
  const lines = text.split('\n').slice(0, isLastLineComplete ? undefined : -1)
  return { lines: unread(lines.map(lineOf), place), isCut }
}

function lineOf(line: string): Line {
  const space = line.indexOf(' ')
  return space < 0 ? { at: line, text: '' } : { at: line.slice(0, space), text: line.slice(space + 1) }
}

/** Timestamps are UTC with nine digits, so that they compare as text. */
function unread(lines: readonly Line[], { at, count }: Place): readonly Line[] {
  if (at === '') return lines
  let seen = 0
  return lines.filter((line) => {
    if (line.at !== at) return line.at > at
    seen += 1
    return seen > count
  })
}

/** Without a line to continue at, the rest of the second is skipped. */
function behind(place: Place, lines: readonly Line[]): Place {
  const last = lines.at(-1)?.at
  if (last === undefined) return { index: place.index, at: nextSecond(place.at), count: 0 }
  const count = lines.filter(({ at }) => at === last).length + (last === place.at ? place.count : 0)
  return { index: place.index, at: last, count }
}

/** From the first second on, which an empty place stands for. */
function nextSecond(at: string): string {
  const ms = at === '' ? 0 : Date.parse(`${at.slice(0, 19)}Z`)
  return `${new Date(ms + 1000).toISOString().slice(0, 19)}.000000000Z`
}

const cursorOf = ({ index, at, count }: Place) => `${index}~${at}~${count}`

function placeOf(cursor: string | null): Place {
  if (cursor === null) return start
  const [, index, at = '', count] = /^(\d{1,5})~(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z)?~(\d{1,9})$/.exec(cursor) ?? []
  if (index !== undefined) return { index: Number(index), at, count: Number(count) }
  throw new ProviderError('invalid_request', 'This cursor does not belong to a log. Begin without one.', {
    notSent: true,
  })
}

/** The container has not started, or its pod was deleted. */
function isNotThereYet(error: unknown): boolean {
  if (!(error instanceof ProviderError)) return false
  if (error.code === 'not_found') return true
  const isWaiting = /waiting to start|trying and failing to pull image|does not have a host assigned|not found/
  return error.httpStatus === 400 && error.providerCode === 'BadRequest' && isWaiting.test(error.message)
}
