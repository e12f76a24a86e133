/**
 * Completion script of bash. The words before the cursor are split but not evaluated, and no other package is required.
 * `complete` prints one candidate per line, with a tab before its description, then `:` and a number: 4 = no file names.
 */
export function bashScript(name: string): string {
  return `# bash completion for ${name}
_${name}() {
  local line words output value description
  line=\${COMP_LINE:0:COMP_POINT}
  IFS=$' \\t\\n' read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=('')
  output=$(${name} complete -- "\${words[@]:1}" 2>/dev/null) || return 0
  COMPREPLY=()
  while IFS=$'\\t' read -r value description; do
    case $value in
      :4) compopt +o default ;;
      '' | :*) ;;
      *) COMPREPLY+=("$value") ;;
    esac
  done <<<"$output"
}
complete -o default -F _${name} ${name}
`
}
