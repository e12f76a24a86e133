import { stripVTControlCharacters } from 'node:util'

/** Text of the service on one line, without control characters that a terminal would act on. */
export function printable(text: string): string {
  const plain = stripVTControlCharacters(text)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
  return plain.replace(/\s+/g, ' ').replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '')
}
