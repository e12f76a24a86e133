import { ProviderError } from '../provider-error.ts'

/**
 * Validates a URL that a provider returns for a client to open, absolute or relative to `base`. Every URL from a driver
 * passes here.
 *
 * @throws ProviderError `bad_response` if it is not an http(s) URL: a browser would execute a `javascript:` URL
 */
export function webUrl(text: string, base?: string): URL {
  const url = isPlain(text) && URL.canParse(text, base) ? new URL(text, base) : null
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new ProviderError(
    'bad_response',
    `The provider returned an address that is not an http(s) URL${schemeOf(text)}.`,
  )
}

/** A list with one named link, or an empty one if there is no URL. */
export function webLink(name: string, url: string | undefined): { name: string; url: string }[] {
  if (url === undefined) return []
  webUrl(url)
  return [{ name, url }]
}

/** The scheme only: the rest of a URL may be a secret. */
function schemeOf(text: string): string {
  const [scheme] = /^[a-z][a-z0-9+.-]{0,20}:/i.exec(text) ?? []
  return scheme === undefined ? '' : ` but begins with ${scheme}`
}

/** URL parsers drop spaces and control characters, so the URL in use would differ from the one shown. */
function isPlain(text: string): boolean {
  return !/[\s\p{Cc}]/u.test(text)
}
