# Runs of `bitloom train` that must end with the same bits. Sourced by same_bits and nodes, which set bitloom (the program),
# folder (for the runs) and steps, and status=0 and first='' before they compare.
#
# LAYOUT is a number of ranks on this machine, or the ranks on each of the hosts of tests/support/hosts.bash, such as '1+3'.
# shellcheck shell=bash disable=SC2154,SC2034  # variables of the scripts that source this

runs_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tests/support/hosts.bash
source "$runs_here/../support/hosts.bash"

# launch_on LAYOUT: sets the array `launch`, which starts ranks.
launch_on() {
    if [[ $1 == *+* ]]; then
        hosts_command "${1//+/ }"
        launch=("${hosts_launch[@]}")
    else
        launch=("$runs_here/../../scripts/mpirun" --shared -n "$1")
    fi
}

# train LAYOUT CONFIG RUN [OPTION]... Tries again while ranks of a killed launcher still use the folder.
train() {
    local layout=$1 config=$2 run=$3 said launch
    shift 3
    launch_on "$layout"
    for _ in {1..100}; do
        if said=$("${launch[@]}" "$bitloom" -q train "$config" --run "$run" "$@" 2>&1); then
            return 0
        elif [[ $said != *'in use'* ]]; then
            break
        fi
        sleep 0.1
    done
    printf '%s\n' "$said" >&2
    return 1
}

# newest RUN: the step of the newest checkpoint.
newest() {
    printf '%s\n' step-0.h5 "$1"/checkpoints/step-*.h5 | sed -n 's/.*step-0*\([0-9]\{1,\}\).h5/\1/p' | tail -n 1
}

# digests RUN: of the model, and of the parameters in the newest checkpoint.
digests() {
    for file in "$1/model.h5" "$1/checkpoints/step-$(printf '%08d' "$(newest "$1")").h5"; do
        "$bitloom" info "$file" --json | sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p'
    done | paste -sd ' '
}

# every_step_moves RUN: whether the checkpoint of each step has a digest that no other step has. The last step may have
# two; one that the run was resumed from appears in the event "continue".
every_step_moves() {
    local events
    events=$(sed -n 's/^{"event":"c[a-z]*","step":\([0-9]*\),.*"digest":"\([0-9a-f]*\)".*/\1 \2/p' \
        "$1/metrics.jsonl" | sort -u)
    [[ $(wc -l <<<"$events") == "$steps" && $(cut -d ' ' -f 2 <<<"$events" | sort -u | wc -l) == "$steps" ]]
}

# compare RUN PRESET HOW [REMARK]: prints a run's digests and compares them with those of the first run.
compare() {
    local run=$1 preset=$2 how=$3 remark=${4:+ ($4)} found
    found=$(digests "$run")
    first=${first:-$found}
    printf '%-12s %-28s %s\n' "$preset" "$how" "$found$remark"
    if [[ $found != "$first" || -z $found ]]; then
        echo "$preset: the digests differ" >&2
        status=1
    fi
    if ! every_step_moves "$run"; then
        echo "$preset: not every step changed the parameters" >&2
        status=1
    fi
}

# train_and_kill LAYOUT CONFIG RUN STEP [OPTION]...: kills all ranks with SIGKILL once the checkpoint of this step exists.
train_and_kill() {
    local layout=$1 config=$2 run=$3 step=$4 name job launch
    shift 4
    name=$run/checkpoints/step-$(printf '%08d' "$step").h5
    launch_on "$layout"
    setsid "${launch[@]}" "$bitloom" -q train "$config" --run "$run" "$@" >/dev/null 2>&1 &
    job=$!
    while kill -0 "$job" 2>/dev/null && ! [[ -e $name ]]; do
        sleep 0.003
    done
    # Ranks have process groups of their own, but are in the launcher's session.
    # shellcheck disable=SC2046  # a list
    kill -9 "$job" $(pgrep --session "$job") 2>/dev/null || true
    wait "$job" 2>/dev/null || true
    if [[ $layout == *+* ]]; then
        hosts_kill
    fi
}
