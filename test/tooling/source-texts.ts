import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

export interface SourceText {
  /** `src/events/change-notifier.ts:71` */
  at: string
  text: string
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const levels: ReadonlySet<string> = new Set(['trace', 'debug', 'info', 'warn', 'error', 'fatal'])

/** All log messages in `src/`. */
export function readLogMessages(): readonly SourceText[] {
  return textsOf('src/**/*.ts', (path, text) => (/log(ger)?\??\.\w/.test(text) ? logMessagesIn(path, text) : []))
}

/** All texts of the command line and the configuration: usage, progress, start errors, descriptions. */
export function readCommandTexts(): readonly SourceText[] {
  const files = ['src/main.ts', 'src/config/config.ts', 'src/config/schema.ts', 'src/commands/**/*.ts']
  return files.flatMap((pattern) => textsOf(pattern, sentencesIn))
}

export function logMessagesIn(path: string, source: string): readonly SourceText[] {
  return collect(path, source, (node) => (isLogCall(node) ? node.arguments.flatMap(messagesOf) : []))
}

/** Texts of at least two words. */
export function sentencesIn(path: string, source: string): readonly SourceText[] {
  const isPart = (node: ts.Node) => ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || isTemplateRest(node)
  return collect(path, source, (node) => (isPart(node) && /\w \w/.test(textOf(node)) ? [textOf(node)] : []))
}

function textsOf(pattern: string, read: (path: string, source: string) => readonly SourceText[]) {
  const paths = globSync(pattern, { cwd: root, exclude: ['src/generated/**'] })
  return paths.sort().flatMap((path) => read(path, readFileSync(`${root}${path}`, 'utf8')))
}

function collect(path: string, source: string, textsAt: (node: ts.Node) => readonly string[]): readonly SourceText[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true)
  const texts: SourceText[] = []
  const visit = (node: ts.Node): void => {
    const line = file.getLineAndCharacterOfPosition(node.getStart()).line + 1
    texts.push(...textsAt(node).map((text) => ({ at: `${path}:${line}`, text })))
    ts.forEachChild(node, visit)
  }
  visit(file)
  return texts
}

function isLogCall(node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression)) return false
  const { name, expression } = node.expression
  return levels.has(name.text) && /(^|\.)log(ger)?\??$/.test(expression.getText())
}

/** The message argument: a literal, a template or a conditional. */
function messagesOf(argument: ts.Expression): readonly string[] {
  if (ts.isStringLiteralLike(argument)) return [argument.text]
  if (ts.isTemplateExpression(argument))
    return [[argument.head.text, ...argument.templateSpans.map(({ literal }) => literal.text)].join('…')]
  if (ts.isConditionalExpression(argument)) return [...messagesOf(argument.whenTrue), ...messagesOf(argument.whenFalse)]
  return []
}

function isTemplateRest(node: ts.Node): boolean {
  return ts.isTemplateMiddle(node) || ts.isTemplateTail(node)
}

function textOf(node: ts.Node): string {
  return ts.isLiteralExpression(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)
    ? node.text
    : ''
}
