import type { Spec } from '../../vocabulary/kinds.ts'

/**
 * Kubernetes expands `$(NAME)` in commands and in values of variables, and replaces two dollar signs by one. Doubling
 * them preserves the value. https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#entrypoint
 */
export function withoutExpansion(text: string): string {
  return text.replaceAll('$', '$$$$')
}

/** Writes the script to a file and executes it, so that its first line selects the interpreter. */
const runAsFile = 'f=$(mktemp) && printf %s "$1" > "$f" && chmod 700 "$f" && exec "$f"'

/** The `command` of the container; undefined runs the program of the image. */
export function programOf({ command, script }: Pick<Spec, 'command' | 'script'>): readonly string[] | undefined {
  if (script === undefined) return command?.map(withoutExpansion)
  const isForShell = !script.startsWith('#!') || /^#! ?\/bin\/sh *\n/.test(script)
  const argv = isForShell ? ['/bin/sh', '-c', script] : ['/bin/sh', '-c', runAsFile, 'script', script]
  return argv.map(withoutExpansion)
}
