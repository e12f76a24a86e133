/** Regular expressions that are not literals in the code or fail the check, and why they are accepted. */
export const reviewed: Readonly<Record<string, string>> = {
  'new RegExp(pattern)': "Patterns of providers' rules: each is collected from the registry and checked.",
  "new RegExp(`^${steps.join('/')}$`)": 'Paths of our routes, with `[^/]+` for a parameter: nothing is read twice.',
  "new RegExp(`^${name}:.*$`, 'm')": 'Names of two accounts, in /etc/passwd.',
  "new RegExp(`^(${values.join('|')})$`, 'i')": 'A few words of the sandbox, none of which begins another.',
}
