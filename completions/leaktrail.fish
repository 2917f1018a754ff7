# fish completion for leaktrail

set -l verbs diff dominators packages ps retainers strings summary trail

complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -f
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a diff -d 'What changed from one snapshot to another'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a dominators -d 'What keeps most memory alive'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a packages -d 'Memory by npm package'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a ps -d 'What Node processes run here'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a retainers -d 'Who holds an object'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a strings -d 'Texts that are there more than once'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a summary -d 'What is in a snapshot, by class'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a trail -d 'Who leaks, from two or more snapshots'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -l version -d 'Version of leaktrail'

complete -c leaktrail -l help -d 'Examples and all options'
complete -c leaktrail -n "__fish_seen_subcommand_from $verbs" -l color -x -a 'always auto never' -d 'When to use colour'
complete -c leaktrail -n "__fish_seen_subcommand_from $verbs" -l json -d 'One JSON document on standard output'
complete -c leaktrail -n "__fish_seen_subcommand_from $verbs" -l stats -d 'Time and memory of each pass'
complete -c leaktrail -n "__fish_seen_subcommand_from $verbs" -l threads -x -d 'How many threads to use'
complete -c leaktrail -n "__fish_seen_subcommand_from $verbs" -l tolerant -d 'Use what is whole of a damaged snapshot'
complete -c leaktrail -n "__fish_seen_subcommand_from $verbs" -l top -x -d 'How many rows to show'
complete -c leaktrail -n "__fish_seen_subcommand_from $verbs" -l verbose -d 'Engine internals too'
complete -c leaktrail -n "__fish_seen_subcommand_from dominators" -l depth -x -d 'How many levels to show'
complete -c leaktrail -n "__fish_seen_subcommand_from ps" -l watch -d 'Look every two seconds'
complete -c leaktrail -n "__fish_seen_subcommand_from retainers" -l class -x -d 'The largest object of a class'
