const echo = /\becho\s+(?:"(?<quoted>[^"\n]*)"|'(?<single>[^'\n]*)'|(?<bare>[^;&|<>\n"']+))/g

/** The lines that a script prints by `echo`, with its variables filled in. */
export function echoedLines(script: string, variables: Readonly<Record<string, string>> = {}): string[] {
  return [...script.matchAll(echo)].map(
    ({ groups = {} }) => groups.single ?? withVariables(groups.quoted ?? (groups.bare ?? '').trim(), variables),
  )
}

/** Text in which known variables are replaced; the others stay as they are. */
export function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, (written, braced?: string, plain?: string) => {
    const name = braced ?? plain ?? ''
    return Object.hasOwn(variables, name) ? (variables[name] ?? '') : written
  })
}
