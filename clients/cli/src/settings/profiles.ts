import { chmod, mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'
import { parse, stringify } from 'yaml'
import { CommandError } from '../command-error.ts'
import { isJsonObject } from '../input/json.ts'

/** Address of a service and the API key that is sent to it. */
export interface Profile {
  url: string
  apiKey: string
}

export interface Profiles {
  /** Name of the profile that is used if no other is named. */
  current?: string
  profiles: Readonly<Record<string, Profile>>
}

type Environment = Readonly<Record<string, string | undefined>>

/** Path of the file with the profiles: below XDG_CONFIG_HOME, which must be absolute, or `~/.config`. */
export function profilesPath({ XDG_CONFIG_HOME: base = '', HOME }: Environment): string {
  const directory = isAbsolute(base) ? base : join(HOME ?? homedir(), '.config')
  return join(directory, 'switchyard', 'config.yaml')
}

/** Reads the profiles. A file that does not exist has none. */
export async function readProfiles(path: string): Promise<Profiles> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw new CommandError(`${path} cannot be read (${error.code}). Correct its permissions.`, { cause: error })
  })
  const content = parsed(text, path)
  const profiles = Object.entries(isJsonObject(content.profiles) ? content.profiles : {})
  return {
    ...(typeof content.current === 'string' ? { current: content.current } : {}),
    profiles: Object.fromEntries(profiles.map(([name, value]) => [name, profileOf(value, name, path)])),
  }
}

/** Whether others than the owner can read the file. Windows has no such permissions. */
export async function isReadableByOthers(path: string): Promise<boolean> {
  if (process.platform === 'win32') return false
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && (found.mode & 0o077) !== 0
}

/** Replaces the file in one step, readable by its owner only. */
export async function writeProfiles(path: string, profiles: Profiles): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, stringify(profiles), { mode: 0o600 })
  await chmod(temporary, 0o600)
  await rename(temporary, path)
}

/** An error does not repeat the content, which contains keys. */
function parsed(text: string, path: string): { current?: unknown; profiles?: unknown } {
  try {
    const content: unknown = parse(text)
    if (content === null || isJsonObject(content)) return content ?? {}
  } catch {
    // Reported below, like a file that contains something else.
  }
  throw new CommandError(`${path} is not a valid configuration file. Delete it and run: switchyard login`)
}

function profileOf(value: unknown, name: string, path: string): Profile {
  if (isJsonObject(value) && typeof value.url === 'string' && typeof value.apiKey === 'string')
    return { url: value.url, apiKey: value.apiKey }
  throw new CommandError(`${path}: profile ${name} has no url and apiKey. Run: switchyard login --profile ${name}`)
}
