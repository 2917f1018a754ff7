# bash completion for leaktrail

_leaktrail_common='--color --help --json --stats --threads --tolerant --top --verbose'
_leaktrail_gate='--baseline --junit --markdown --sarif --threshold'

_leaktrail_flags() {
  case $1 in
    bisect) echo "$_leaktrail_common --body --concurrency --content-type --fresh --header --keep --lockfiles --method --newer --older --path --port --requests --rounds --settle --time --warmup" ;;
    dominators) echo "$_leaktrail_common --depth" ;;
    find) echo "$_leaktrail_common $_leaktrail_gate --body --concurrency --content-type --header --method --path --port --requests --rounds --save --settle --time --warmup" ;;
    load) echo "$_leaktrail_common --allow-remote --auth --body --concurrency --content-type --cookie --header --insecure --keep-alive --method --path --rate --requests --time --timeout" ;;
    trail) echo "$_leaktrail_common $_leaktrail_gate" ;;
    watch) echo "$_leaktrail_common --interval --log --prometheus --snapshot-at --snapshot-cap --snapshots --until" ;;
    verify) echo "$_leaktrail_common --baseline --findings --fresh --html --init --junit --markdown --sarif --threshold" ;;
    ps) echo "$_leaktrail_common --watch" ;;
    redact) echo "$_leaktrail_common --output" ;;
    retainers) echo "$_leaktrail_common --class" ;;
    snapshot) echo "$_leaktrail_common --dry-run --force --output --pause --redact --worker" ;;
    *) echo "$_leaktrail_common" ;;
  esac
}

_leaktrail_verbs='bisect diff dominators find load packages ps redact retainers snapshot strings summary trail verify watch'

_leaktrail() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; ++i)); do
    [[ ${COMP_WORDS[i]} == -* ]] && continue
    verb=${COMP_WORDS[i]}
    break
  done
  if [[ -z $verb ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$_leaktrail_verbs --help --version" -- "$word")
    return
  fi
  case $before in
    --color)
      mapfile -t COMPREPLY < <(compgen -W 'always auto never' -- "$word")
      return
      ;;
    # A number or a name that nothing here can guess.
    --auth | --class | --concurrency | --content-type | --cookie | --depth | --header | --method | --newer | --older | --path | --port | --rate | --requests | --rounds) return ;;
    --settle | --threads | --threshold | --time | --timeout | --top | --warmup | --worker) return ;;
    --baseline | --body | --junit | --lockfiles | --markdown | --output | --sarif)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -f -- "$word")
      return
      ;;
    --save)
      compopt -o filenames 2>/dev/null
      mapfile -t COMPREPLY < <(compgen -d -- "$word")
      return
      ;;
  esac
  if [[ $word == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_leaktrail_flags "$verb")" -- "$word")
    return
  fi
  # Folders stay, so that one can walk into them; files must look like snapshots.
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(
    compgen -d -- "$word"
    compgen -f -X '!*.heapsnapshot' -- "$word"
    compgen -f -X '!*.heapsnapshot.gz' -- "$word"
    compgen -f -X '!*.heapsnapshot.zst' -- "$word"
  )
}

complete -F _leaktrail leaktrail
