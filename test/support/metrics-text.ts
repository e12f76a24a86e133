/** The metrics in the output of `/metrics`, with their types by name. */
export function typesIn(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]))
}

/** The label names of a metric. */
export function labelsIn(text: string, name: string): readonly string[] {
  const lines = text.matchAll(new RegExp(`^${name}(?:_bucket|_sum|_count)?\\{(.*)\\} `, 'gm'))
  const names = [...lines].flatMap(([, labels = '']) => [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label))
  return [...new Set(names)].filter((label) => label !== 'le').sort()
}

/** The value of the first line with this prefix; undefined if there is none. */
export function valueIn(text: string, prefix: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(prefix))
  return line === undefined ? undefined : Number(line.slice(line.lastIndexOf(' ') + 1))
}
