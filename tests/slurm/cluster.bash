# A private Slurm cluster of one node for a test: source this, then `cluster_start CPUS`. It is stopped when the test ends.
#
# It needs no systemd, cgroups, database or network: it has its own munge and free ports, and all its files are in $work, a
# new folder. Jobs in partition `high` preempt those in `low`, the default. Skips the test (77) without Slurm or root.
# shellcheck shell=bash

set -euo pipefail
unset "${!SLURM_@}" "${!SBATCH_@}" # the tests themselves may run in a job

skip() {
    echo "skipped: $1"
    exit 77
}

for command in slurmctld slurmd sbatch srun munged h5diff; do
    command -v "$command" >/dev/null ||
        skip "$command is missing (Debian: slurmctld slurmd slurm-client munge hdf5-tools)"
done
[[ $(id -u) == 0 ]] || skip "only root can start a private Slurm"

work=$(mktemp -d "${TMPDIR:-/tmp}/bitloom-slurm-XXXXXX")
export SLURM_CONF=$work/slurm.conf

# Two neighbouring ports that nobody listens on.
free_port() {
    local port
    for _ in {1..100}; do
        port=$((20000 + RANDOM % 6000 * 2))
        if ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && ! (: <"/dev/tcp/127.0.0.1/$((port + 1))") 2>/dev/null; then
            echo "$port"
            return
        fi
    done
    echo "there is no free port" >&2
    return 1
}

# FirstJobId: shared memory is named after the job, and two tests may run at once. cred_expire: a requeued job waits this
# long; the default is two minutes. KillWait: seconds between TERM and KILL.
write_configuration() {
    local port=$1 cpus=$2 host
    host=$(hostname -s)
    cat >"$SLURM_CONF" <<TEXT
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket,cred_expire=5
FirstJobId=$((1 + RANDOM * 1000))
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
TmpFS=$work/tmp
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=${SLURMCTLD_PARAMETERS-preempt_send_user_signal}
RequeueExit=${REQUEUE_EXIT-99}
KillWait=5
ReturnToService=2
NodeName=node NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1)) CPUs=$cpus RealMemory=16000 State=UNKNOWN
PartitionName=low Nodes=ALL Default=YES MaxTime=INFINITE PriorityTier=1 GraceTime=20
PartitionName=high Nodes=ALL MaxTime=INFINITE PriorityTier=10 PreemptMode=OFF
TEXT
}

cluster_start() {
    trap cluster_stop EXIT
    mkdir -p "$work"/{state,spool,munge,tmp}
    chmod 711 "$work" "$work/munge"
    (umask 077 && head -c 1024 /dev/urandom >"$work/munge/key")
    write_configuration "$(free_port)" "$1"
    munged --force --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge.pid" \
        --log-file="$work/munge/log" --seed-file="$work/munge/seed"
    slurmctld -f "$SLURM_CONF"
    slurmd -N node -f "$SLURM_CONF"
    await 20 "an idle node" is_idle
}

is_idle() {
    [[ $(sinfo -h -p low -t idle -o %D 2>/dev/null) == 1 ]]
}

has_no_job() {
    [[ -z $(timeout 2 squeue -h -o %i 2>/dev/null) ]]
}

# By pid files: in a container without init, daemons that ended remain as zombies.
daemons_ended() {
    ! compgen -G "$work/*.pid" >/dev/null
}

# Jobs first: their processes would outlive the daemons.
cluster_stop() {
    local status=$? file
    trap - EXIT
    if ((status != 0 && status != 77)); then
        tail -n 30 "$work"/*.log >&2 || true
    fi
    timeout 5 scancel -u root 2>/dev/null || true
    await 12 "the end of all jobs" has_no_job || true
    for file in "$work"/slurmd.pid "$work/slurmctld.pid" "$work/munge.pid"; do
        if [[ -s $file ]]; then
            kill "$(<"$file")" 2>/dev/null || true
        fi
    done
    await 10 "the end of Slurm" daemons_ended || true
    [[ -n ${BITLOOM_KEEP-} ]] || rm -rf "$work"
    exit "$status"
}

# await SECONDS WHAT COMMAND...: waits until the command succeeds; fails after that time.
await() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@"; do
        if ((SECONDS >= end)); then
            echo "waited in vain for $what" >&2
            return 1
        fi
        sleep 0.05
    done
}
