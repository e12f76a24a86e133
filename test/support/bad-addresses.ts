/** Invalid addresses that a provider may return and that must not be disclosed to clients. */
export const badAddresses: readonly string[] = [
  'http://[',
  'https://',
  'javascript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'JavaScript://example.com/%0aalert(1)',
  'data:text/html,x',
  'file:///etc/passwd',
  'ftp://example.com/x',
  'https://example.com/a\nb',
]
