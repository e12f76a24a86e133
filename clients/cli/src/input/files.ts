import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { parseAllDocuments } from 'yaml'
import { CommandError, usageError } from '../command-error.ts'
import { isJsonObject, type JsonObject } from './json.ts'

/** The service accepts smaller bodies; this limit keeps a wrong path from filling memory. */
const maxBytes = 8 * 1024 * 1024

/** Reads a file, or standard input for `-`. */
export async function readText(path: string, stdin: Readable): Promise<string> {
  if (path === '-') return readStream(stdin, 'Standard input')
  try {
    return await readStream(createReadStream(path), path)
  } catch (error) {
    if (error instanceof CommandError) throw error
    const reason = error instanceof Error && 'code' in error ? error.code : 'unreadable'
    throw usageError(`${path} cannot be read (${reason}). Name a readable file, or - for standard input.`, error)
  }
}

async function readStream(stream: Readable, source: string): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of stream) {
    const buffer = Buffer.from(chunk)
    bytes += buffer.length
    if (bytes > maxBytes) throw usageError(`${source} is longer than ${maxBytes} bytes.`)
    chunks.push(buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

/** Reads one YAML or JSON object. */
export async function readObject(path: string, stdin: Readable): Promise<JsonObject> {
  const source = path === '-' ? 'Standard input' : path
  return parseObject(await readText(path, stdin), source)
}

export function parseObject(text: string, source: string): JsonObject {
  const [document, ...more] = parseAllDocuments(text)
  if (document === undefined) throw usageError(`${source} is empty. Write the fields of the request as YAML or JSON.`)
  if (more.length > 0) throw usageError(`${source} contains ${more.length + 1} documents. Send one file for each.`)
  const [error] = document.errors
  if (error !== undefined) throw usageError(`${source} is not valid YAML: ${withoutExcerpt(error.message)}`)
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  if (!isJsonObject(value))
    throw usageError(`${source} contains no object. Write the fields of the request as YAML or JSON.`)
  return value
}

/** The first line of the message: the excerpt below it may show a credential. */
function withoutExcerpt(message: string): string {
  return (message.split('\n')[0] ?? '').replace(/:$/, '.')
}
