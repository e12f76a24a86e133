import ts from 'typescript'

/** Regular expression of the code, or a place that builds one dynamically. */
export interface Found {
  /** Location, for people. */
  place: string
  source: string
  flags: string
  /** Built dynamically: `source` is the code that builds it. */
  isDynamic: boolean
}

/** Finds literals, `RegExp(…)`, and strings named `pattern` or `…Pattern` in a TypeScript file. */
export function regexpsOfCode(file: string, code: string): Found[] {
  const root = ts.createSourceFile(file, code, ts.ScriptTarget.Latest, true)
  const found: Found[] = []
  const add = (node: ts.Node, more: Omit<Found, 'place'>) => {
    const { line } = root.getLineAndCharacterOfPosition(node.getStart())
    found.push({ place: `${file}:${line + 1}`, ...more })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isRegularExpressionLiteral(node)) {
      const end = node.text.lastIndexOf('/')
      add(node, { source: node.text.slice(1, end), flags: node.text.slice(end + 1), isDynamic: false })
    } else if ((ts.isNewExpression(node) || ts.isCallExpression(node)) && node.expression.getText() === 'RegExp') {
      const [pattern, flags] = node.arguments ?? []
      add(node, dynamicRegexp(node, pattern, flags))
    } else if (isPattern(node)) {
      add(node, { source: node.initializer.text, flags: '', isDynamic: false })
    }
    ts.forEachChild(node, visit)
  }
  visit(root)
  return found
}

function dynamicRegexp(node: ts.Node, pattern: ts.Node | undefined, flags: ts.Node | undefined): Omit<Found, 'place'> {
  const isText = pattern !== undefined && ts.isStringLiteralLike(pattern)
  if (!isText) return { source: node.getText(), flags: '', isDynamic: true }
  return {
    source: pattern.text,
    flags: flags !== undefined && ts.isStringLiteralLike(flags) ? flags.text : '',
    isDynamic: false,
  }
}

/** `pattern: '…'`, `namePattern = '…'`. */
function isPattern(node: ts.Node): node is ts.Node & { initializer: ts.StringLiteralLike } {
  if (!ts.isPropertyAssignment(node) && !ts.isVariableDeclaration(node)) return false
  const { initializer } = node
  return initializer !== undefined && ts.isStringLiteralLike(initializer) && /pattern$/i.test(node.name.getText())
}

/** Finds every `pattern` and every property name pattern in schemas and rules at run time. */
export function regexpsOfSchemas(place: string, value: unknown): Found[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => {
    if (key === 'pattern' && typeof item === 'string') return [{ place, source: item, flags: '', isDynamic: false }]
    const names = key === 'patternProperties' ? Object.keys(item as object) : []
    return [
      ...names.map((source) => ({ place: `${place}/${key}`, source, flags: '', isDynamic: false })),
      ...regexpsOfSchemas(`${place}/${key}`, item),
    ]
  })
}
