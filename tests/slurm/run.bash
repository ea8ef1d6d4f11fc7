# A small run in a job of the private Slurm, to be disturbed, and the same run undisturbed. Sourced by the tests after
# cluster.bash, with the program as $1 and the source folder as $2.
# shellcheck shell=bash disable=SC2154  # work is in cluster.bash

program=$(realpath "$1")
scripts=$(realpath "$2")/slurm
export BITLOOM=$program

# As in all tests: root may start ranks, and more of them than there are cores.
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
export OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 OPENBLAS_NUM_THREADS=1

grep -q "Open MPI" <<<"$(mpirun --version 2>/dev/null)" || skip "the scripts are for Open MPI"

# Makes data, a configuration whose many checkpoints make the run last long enough, and its undisturbed run, $work/whole.
run_undisturbed() {
    cd "$work" || exit
    awk 'BEGIN {
        srand(3)
        for (i = 0; i < 4000; i++)
            printf "%f,%f,%f,%d\n", (i % 2 ? 1 : -1) + rand(), (i % 4 > 1 ? 1 : -1) + rand(), rand(), i % 4
    }' >rows.csv
    "$program" import -q --format csv --no-header --features rows.csv --label-column 3 --split train -o data.h5
    cat >small.yaml <<TEXT
data: {file: data.h5, validation: 0.05, shards: 4}
model: {hidden: [16], heads: 1, bits: 8}
train: {steps: 2000, global_batch: 32}
checkpoint: {every_steps: 20}
evaluate: {every_epochs: 5}
TEXT
    mpirun -q -n 2 "$program" train -q small.yaml --run whole
}

# submit SCRIPT RUN [OPTION OF sbatch]...: submits a script of slurm/ unchanged, with two ranks; prints the job's id.
submit() {
    local script=$1 run=$2
    shift 2
    sbatch --parsable --nodes=1 --ntasks=2 --output="$run.log" "$@" "$scripts/$script" small.yaml --run "$run"
}

# ranks_of RUN: the process ids of its ranks.
ranks_of() {
    local pid
    for pid in $(pgrep -x bitloom); do
        # Other tests may have runs of the same name.
        [[ $(readlink "/proc/$pid/cwd") == "$work" ]] || continue
        if grep -q -- "train small.yaml.* --run $1 " <<<"$({ tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null)"; then
            echo "$pid"
        fi
    done
}

signal_ranks() {
    local pid
    for pid in $(ranks_of "$2"); do
        kill -s "$1" "$pid" 2>/dev/null || true
    done
}

is_under_way() {
    [[ $(find "$1/checkpoints" -name '*.h5' 2>/dev/null | wc -l) -ge 2 ]]
}

# Sends STOP to the ranks of each run once it has two checkpoints; succeeds when all runs are stopped.
stop_under_way() {
    local run missing=0
    for run in "$@"; do
        if [[ ! -e $run.held ]] && is_under_way "$run"; then
            signal_ranks STOP "$run"
            touch "$run.held"
        fi
        [[ -e $run.held ]] || missing=1
    done
    return "$missing"
}

# Stops runs in the middle, so that the next signal comes during the run however fast the machine is.
hold() {
    local run
    await 60 "checkpoints of $*" stop_under_way "$@"
    for run in "$@"; do
        ! grep -q "finished: best" "$run.log" || fail "$run finished before it could be stopped"
    done
}

# Whether a stopped rank of the run has USR2 or TERM pending. (Slurm also sends CONT with TERM: the run may be over.)
is_asked() {
    local pid pending
    for pid in $(ranks_of "$1"); do
        pending=$(awk '/^(Shd|Sig)Pnd:/ { print $2 }' "/proc/$pid/status" 2>/dev/null | sort | tail -n 1)
        if ((0x${pending:-0} & (1 << 11 | 1 << 14))); then
            return
        fi
    done
    [[ -z $(ranks_of "$1") ]] || grep -q "stopped on request" "$1.log"
}

# let_go RUN SECONDS: lets the run continue once its ranks have been signalled.
let_go() {
    await "$2" "a signal to the ranks of $1" is_asked "$1"
    signal_ranks CONT "$1"
}

job_is() {
    [[ $(scontrol --oneliner show job "$1") == *" JobState=$2 "* ]]
}

fail() {
    echo "$1" >&2
    exit 1
}

expect_line() {
    grep -q -- "$2" "$1" || fail "'$2' is not in $1: $(<"$1")"
}

digest_of() {
    "$BITLOOM" info "$1/model.h5" --json | sed -n 's/.*"digest": *"\([0-9a-f]\{16\}\)".*/\1/p'
}

# The run was resumed and has the model of the undisturbed one, bit for bit.
expect_same_model() {
    local whole found
    expect_line "$1.log" "continuing $1 from step"
    whole=$(digest_of whole) found=$(digest_of "$1")
    [[ -n $whole && $found == "$whole" ]] || fail "the digest of $1 is '$found', not '$whole'"
    cmp whole/model.h5 "$1/model.h5" || fail "the model of $1 differs"
}
