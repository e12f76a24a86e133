const plainWord = /^[A-Za-z0-9_@%+=:,./-]+$/
/** Words (POSIX 2.4 and bash) that a shell parses as syntax, and assignments, in the position of a command name. */
const syntaxWord =
  /^(!|case|coproc|do|done|elif|else|esac|fi|for|function|if|in|select|then|time|until|while|[A-Za-z_]\w*\+?=.*)$/

/** Quotes a text as one word for a POSIX shell. */
export function quoteWord(word: string): string {
  return plainWord.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** A command line for a POSIX shell that runs exactly this argv. */
export function quoteCommand(argv: readonly string[]): string {
  const [program = '', ...rest] = argv
  const first = syntaxWord.test(program) ? `'${program}'` : quoteWord(program)
  return [first, ...rest.map(quoteWord)].join(' ')
}

/** `export` lines, one per variable, each ending in a line feed. */
export function exportLines(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${quoteWord(value)}\n`)
    .join('')
}
