import { ProviderError } from '../provider-error.ts'

/**
 * The address of something that a client opens, as a provider gives it: an absolute URL, or, with `base`, one relative
 * to that. Every URL that a driver hands out passes here.
 *
 * @throws ProviderError `bad_response` for what is not an http(s) URL: a browser would run `javascript:` as its page's own
 */
export function webUrl(text: string, base?: string): URL {
  const url = isPlain(text) && URL.canParse(text, base) ? new URL(text, base) : null
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url
  throw new ProviderError(
    'bad_response',
    `The provider returned an address that is not an http(s) URL${schemeOf(text)}.`,
  )
}

/** The same for a list of named links; an absent address makes none. */
export function webLink(name: string, url: string | undefined): { name: string; url: string }[] {
  if (url === undefined) return []
  webUrl(url)
  return [{ name, url }]
}

/** The rest of an address may be a secret. */
function schemeOf(text: string): string {
  const [scheme] = /^[a-z][a-z0-9+.-]{0,20}:/i.exec(text) ?? []
  return scheme === undefined ? '' : ` but begins with ${scheme}`
}

/** Readers of URLs leave spaces and control characters out, and then see another URL than a person does. */
function isPlain(text: string): boolean {
  return !/[\s\p{Cc}]/u.test(text)
}
