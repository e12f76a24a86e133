import { createHash } from 'node:crypto'
import { type ProblemCode, problemTypes, problemUrn } from './problem-types.ts'

/** Path of the explanations of problem types. */
export const problemPath = '/problems'

/** A problem type as clients read it. */
export function problemTypeView(code: ProblemCode) {
  const { isRetryable = false, status, title, meaning, remedy } = problemTypes[code]
  return { code, type: problemUrn(code), status, title, meaning, remedy, retryable: isRetryable }
}

export type ProblemTypeView = ReturnType<typeof problemTypeView>

export const problemCodes = Object.keys(problemTypes) as readonly ProblemCode[]

const style =
  'body{font:16px/1.5 system-ui,sans-serif;max-width:48rem;margin:2rem auto;padding:0 1rem}code{background:#8882;padding:0 .2em}dt{font-weight:600}'

let policy: string | undefined

/** The pages contain no scripts and load nothing. Computed at first use, since few processes serve a page. */
export function contentSecurityPolicy(): string {
  policy ??= `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
  return policy
}

/** HTML page of one or several problem types. */
export function problemPage(heading: string, types: readonly ProblemTypeView[]): string {
  const sections = types.map(
    ({ code, status, title, meaning, remedy, retryable }) =>
      `<h2 id="${code}"><code>${code}</code>: ${html(title)}</h2><dl><dt>Status</dt><dd>${status}${
        retryable ? ', retryable' : ''
      }</dd><dt>Meaning</dt><dd>${html(meaning)}</dd><dt>What to do</dt><dd>${html(remedy)}</dd></dl>`,
  )
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${html(heading)}</title><style>${style}</style></head><body><h1>${html(heading)}</h1>${sections.join('')}</body></html>`
}

/** Escapes a text of the table; text between backticks is code. */
function html(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return escaped.replaceAll(/`([^`]*)`/g, '<code>$1</code>')
}
