import type { Json } from '../../vocabulary/json.ts'
import { readText } from '../kit/fields.ts'
import { given } from '../kit/given.ts'
import { webLink } from '../kit/web-url.ts'
import type { LogChunk } from '../observation.ts'
import { ProviderError } from '../provider-error.ts'
import { vendorCodes } from './error-codes.ts'
import { isOneOf } from './errors.ts'
import { taskNames } from './job-observation.ts'

interface Reads {
  existing(remoteId: string, signal: AbortSignal): Promise<Json>
  /** GET below `training-jobs`. */
  read(signal: AbortSignal, ...path: readonly string[]): Promise<Json>
}

/**
 * One task per chunk; the cursor is the task's name. The text is the newest 5 MB at most; the link (valid for 5
 * minutes) points to the whole log. A log that does not exist yet is empty.
 */
export function makeLogs({ existing, read }: Reads) {
  async function readOrNothing(signal: AbortSignal, ...path: readonly string[]): Promise<Json> {
    try {
      return await read(signal, ...path)
    } catch (error) {
      if (isOneOf(error, vendorCodes.noLog)) return null
      throw error
    }
  }

  /** Undefined if the text is too long for one response; the link covers it. */
  async function textOf(signal: AbortSignal, ...task: readonly string[]): Promise<string | undefined> {
    try {
      const preview = await readOrNothing(signal, ...task, 'logs', 'preview')
      return readText(preview, 'content') ?? readText(preview, 'context')
    } catch (error) {
      if (error instanceof ProviderError && error.code === 'bad_response') return undefined
      throw error
    }
  }

  async function linksTo(signal: AbortSignal, remoteId: string, name: string): Promise<LogChunk['links']> {
    const url = readText(await readOrNothing(signal, remoteId, 'tasks', name, 'logs', 'url'), 'obs_url')
    return webLink(name, url)
  }

  return async (remoteId: string, cursor: string | null, signal: AbortSignal): Promise<LogChunk> => {
    const names = taskNames(await existing(remoteId, signal))
    const index = cursor === null ? 0 : names.indexOf(cursor)
    const name = names[index]
    if (name === undefined) return { links: [] }
    const text = await textOf(signal, remoteId, 'tasks', name)
    return { links: await linksTo(signal, remoteId, name), ...given({ text, next: names[index + 1] }) }
  }
}
