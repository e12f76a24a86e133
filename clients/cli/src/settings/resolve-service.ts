import { CommandError, usageError } from '../command-error.ts'
import { type Profile, profilesPath, readProfiles } from './profiles.ts'
import { parseServiceUrl } from './service-address.ts'

export interface ServiceOptions {
  /** Name of a profile. */
  profile?: string
  url?: string
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Finds the service to call and its key. An option precedes an environment variable, which precedes the profile. With
 * `--profile`, SWITCHYARD_URL and SWITCHYARD_API_KEY are ignored. A key of a profile is sent only to the address of that
 * profile.
 */
export async function resolveService(options: ServiceOptions, env: Environment): Promise<Profile> {
  const variables = options.profile === undefined ? env : {}
  const givenUrl = options.url ?? nonEmpty(variables.SWITCHYARD_URL)
  const givenKey = nonEmpty(variables.SWITCHYARD_API_KEY)
  const url = givenUrl === undefined ? undefined : parseServiceUrl(givenUrl)
  if (url !== undefined && givenKey !== undefined) return { url, apiKey: givenKey }
  const profile = await findProfile(options, env)
  if (profile === undefined) throw missing(url)
  if (url === undefined || url === profile.url) return { url: profile.url, apiKey: givenKey ?? profile.apiKey }
  throw usageError(
    `The selected profile is for ${profile.url}, not for ${url}, and its key is sent to no other address. ` +
      `Set SWITCHYARD_API_KEY and remove --profile, or run: switchyard login --url ${url} --profile <name>`,
  )
}

/** The profile named by the option, by SWITCHYARD_PROFILE or by the file, in this order. */
async function findProfile({ profile }: ServiceOptions, env: Environment): Promise<Profile | undefined> {
  const path = profilesPath(env)
  const { current, profiles } = await readProfiles(path)
  const named = profile ?? nonEmpty(env.SWITCHYARD_PROFILE)
  const name = named ?? current
  const found = name === undefined || !Object.hasOwn(profiles, name) ? undefined : profiles[name]
  if (found !== undefined || named === undefined) return found
  const known = Object.keys(profiles).join(', ') || 'none'
  throw usageError(
    `Profile ${named} does not exist. Existing profiles: ${known}. Run: switchyard login --profile ${named}`,
  )
}

function missing(url: string | undefined): CommandError {
  const what = url === undefined ? 'No service is configured.' : `No API key is configured for ${url}.`
  const remedy = 'Run switchyard login, or set SWITCHYARD_URL and SWITCHYARD_API_KEY.'
  return new CommandError(`${what} ${remedy}`, { code: 'not_configured' })
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}
