# fish completion for leaktrail

set -l verbs bisect diff dominators find load packages ps redact retainers snapshot strings summary trail verify watch

complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -f
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a diff -d 'What changed from one snapshot to another'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a dominators -d 'What keeps most memory alive'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a bisect -d 'Since which version of a package does it leak'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a find -d 'Does this service leak, and who'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a load -d 'How fast does it answer under load'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a packages -d 'Memory by npm package'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a redact -d 'Take the texts out of a snapshot'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a snapshot -d 'A snapshot of a live service'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a ps -d 'What Node processes run here'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a retainers -d 'Who holds an object'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a strings -d 'Texts that are there more than once'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a summary -d 'What is in a snapshot, by class'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a trail -d 'Who leaks, from two or more snapshots'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a watch -d 'Is this service leaking, and when will it die'
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
complete -c leaktrail -n "__fish_seen_subcommand_from snapshot redact" -s o -l output -r -d 'Where to'
complete -c leaktrail -n "__fish_seen_subcommand_from snapshot" -l pause -d 'Let the service write it and stand still'
complete -c leaktrail -n "__fish_seen_subcommand_from snapshot" -l redact -d 'No contents of strings reach the disk'
complete -c leaktrail -n "__fish_seen_subcommand_from snapshot" -l dry-run -d 'Only tell what it would cost'
complete -c leaktrail -n "__fish_seen_subcommand_from snapshot" -l force -d 'Take it even if it is refused'
complete -c leaktrail -n "__fish_seen_subcommand_from snapshot" -l worker -x -d 'Of this worker thread'
complete -c leaktrail -n "__fish_seen_subcommand_from ps" -l watch -d 'Look every two seconds'
complete -c leaktrail -n "__fish_seen_subcommand_from retainers" -l class -x -d 'The largest object of a class'
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find load" -l body -r -d "The body of each request"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find load" -l concurrency -x -d "Requests at a time"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find load" -l content-type -x -d "The body's type"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find load" -l header -x -d "A header of each request"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find load" -l method -x -d "GET unless there is a body"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find load" -l path -x -d "What to ask for"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find" -l port -x -d "Its port, where it has several"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find" -l requests -x -d "At most so many requests a round"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find" -l rounds -x -d "At most so many rounds"
complete -c leaktrail -n "__fish_seen_subcommand_from find" -l save -x -a '(__fish_complete_directories)' -d "Keep the snapshots there"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find" -l settle -x -d "Wait at most so long after a round"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find" -l time -x -d "At most so much time for rounds"
complete -c leaktrail -n "__fish_seen_subcommand_from bisect find" -l warmup -x -d "At most so many rounds of warm-up"
complete -c leaktrail -n "__fish_seen_subcommand_from watch" -l interval -x -d 'Between two samples'
complete -c leaktrail -n "__fish_seen_subcommand_from watch" -l log -r -d 'Append a line a sample'
complete -c leaktrail -n "__fish_seen_subcommand_from watch" -l prometheus -x -d 'Serve metrics there'
complete -c leaktrail -n "__fish_seen_subcommand_from watch" -l snapshot-at -x -d 'Snapshots by time or growth'
complete -c leaktrail -n "__fish_seen_subcommand_from watch" -l snapshot-cap -x -d 'Remove the oldest beyond'
complete -c leaktrail -n "__fish_seen_subcommand_from watch" -l snapshots -r -d 'Where they go'
complete -c leaktrail -n "__fish_seen_subcommand_from watch" -l until -x -a 'verdict' -d 'Verdict, time or size'
complete -c leaktrail -n "__fish_seen_subcommand_from bisect" -l keep -d 'Keep the scratch copy of the project'
complete -c leaktrail -n "__fish_seen_subcommand_from bisect" -l lockfiles -r -d 'Two lock files, old and new'
complete -c leaktrail -n "__fish_seen_subcommand_from bisect" -l newer -x -d 'Test at most so many newer versions'
complete -c leaktrail -n "__fish_seen_subcommand_from bisect" -l older -x -d 'Test at most so many older versions'
complete -c leaktrail -n "__fish_seen_subcommand_from bisect" -l fresh -d 'Measure finished versions again'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l allow-remote -d 'Also hosts that are not this machine'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l auth -x -d 'Basic authentication'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l cookie -x -d 'A cookie of each request'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l insecure -d 'Take any certificate'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l keep-alive -d 'Use a connection for more than one request'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l rate -x -d 'Requests a second'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l requests -x -d 'So many requests'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l time -x -d 'At most so long'
complete -c leaktrail -n "__fish_seen_subcommand_from load" -l timeout -x -d 'Wait so long for an answer'
complete -c leaktrail -n "__fish_seen_subcommand_from find trail verify" -l baseline -r -d 'Leaks in it are known and pass'
complete -c leaktrail -n "__fish_seen_subcommand_from find trail verify" -l junit -r -d 'Write JUnit XML there'
complete -c leaktrail -n "__fish_seen_subcommand_from find trail verify" -l markdown -r -d 'Write Markdown there'
complete -c leaktrail -n "__fish_seen_subcommand_from find trail verify" -l sarif -r -d 'Write SARIF there'
complete -c leaktrail -n "__fish_seen_subcommand_from find trail verify" -l threshold -x -d 'A leak below so many bytes passes'
complete -c leaktrail -n "not __fish_seen_subcommand_from $verbs" -a verify -d 'Is it really that'
complete -c leaktrail -n "__fish_seen_subcommand_from verify" -l findings -r -d "With --init, what find --json said"
complete -c leaktrail -n "__fish_seen_subcommand_from verify" -l fresh -d "Measure finished arms again"
complete -c leaktrail -n "__fish_seen_subcommand_from verify" -l html -r -d "Write a page there"
complete -c leaktrail -n "__fish_seen_subcommand_from verify" -l init -d "Write a plan for this project"
