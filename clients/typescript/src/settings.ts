/** Options of a client. */
export interface SwitchyardOptions {
  /** URL of the service, with a path if it is behind a prefix. Default: `SWITCHYARD_URL`. */
  url?: string | undefined
  /** API key or access token, or a function that returns the current one. Default: `SWITCHYARD_API_KEY`. */
  apiKey?: string | (() => string | Promise<string>) | undefined
  /** Replaces the global `fetch`. */
  fetch?: ((request: Request) => Promise<Response>) | undefined
  /** Retries of one request that can be repeated safely. Default: 4. */
  maxRetries?: number | undefined
  /** Time limit of one attempt of a request. Default: 30,000. */
  timeoutMs?: number | undefined
  /** Time for which waits and streams tolerate that the service cannot be reached. Default: 300,000. */
  maxOutageMs?: number | undefined
  /** Additional headers of every request. */
  headers?: Readonly<Record<string, string>> | undefined
}

export interface Settings {
  url: string
  apiKey: () => string | Promise<string>
  fetch: (request: Request) => Promise<Response>
  maxRetries: number
  timeoutMs: number
  maxOutageMs: number
  headers: Readonly<Record<string, string>>
}

/** @throws TypeError if an option is missing or invalid; without the value of a secret */
export function settingsOf(options: SwitchyardOptions): Settings {
  const apiKey = options.apiKey ?? environmentVariable('SWITCHYARD_API_KEY')
  if (apiKey === undefined) throw new TypeError('An API key is required: pass apiKey, or set SWITCHYARD_API_KEY.')
  if (typeof apiKey === 'string') checkedKey(apiKey)
  return {
    url: checkedUrl(options.url ?? environmentVariable('SWITCHYARD_URL')),
    apiKey: typeof apiKey === 'string' ? () => apiKey : async () => checkedKey(await apiKey()),
    // Called as a function of the global object: browsers reject any other `this`.
    fetch: options.fetch ?? ((request) => globalThis.fetch(request)),
    maxRetries: options.maxRetries ?? 4,
    timeoutMs: options.timeoutMs ?? 30_000,
    maxOutageMs: options.maxOutageMs ?? 300_000,
    headers: options.headers ?? {},
  }
}

function checkedUrl(text: string | undefined): string {
  if (text === undefined) throw new TypeError('The URL of the service is required: pass url, or set SWITCHYARD_URL.')
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol))
    throw new TypeError(
      'The URL of the service is not a valid http or https URL, such as https://switchyard.example.com.',
    )
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`The URL of the service, ${url.host}, contains a user or password. Pass the API key as apiKey.`)
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`
}

/** `fetch` would put an invalid header, and with it the key, into its error message. */
function checkedKey(apiKey: string): string {
  if (/^[\x21-\x7e]+$/.test(apiKey)) return apiKey
  throw new TypeError('The API key is empty or contains spaces, line breaks or characters outside of ASCII.')
}

/** Absent in browsers, and in Deno without permission. */
function environmentVariable(name: string): string | undefined {
  try {
    const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
    return process?.env?.[name] || undefined
  } catch {
    return undefined
  }
}
