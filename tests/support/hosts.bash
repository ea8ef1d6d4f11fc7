# Several hosts on this machine, as network namespaces on a bridge. Each has its own address, host name and /dev/shm, so MPI
# treats them as hosts. For benchmarks and tests in bash, which source this file:
#
#   hosts_missing           fails and prints what is missing, if hosts can't be made here
#   hosts_raise N           makes N hosts (1 to 64); fails and prints why, if it can't
#   hosts_lower             kills what runs on the hosts and removes them; safe twice; call it in a trap on EXIT
#   hosts_command COUNTS    sets the array hosts_launch to the launcher of COUNTS[i] ranks on host i, such as '1 2 3'; to be
#                           followed by the program and its arguments
#   hosts_limit RATE        limits each link in both directions to 100mbit, 1gbit, ...; bench_link measures what results
#   hosts_sent              bytes sent by each host so far, one number per line, by the kernel's counters of its link
#   hosts_received          bytes received by each host, likewise
#   hosts_kill              SIGKILL to everything that runs on the hosts
#
# Several scripts may have hosts at a time: names and addresses are reserved by creating the bridge, which fails if it exists.
# Hosts of a script that was killed are removed by the next one that raises some.
# shellcheck shell=bash disable=SC2034  # hosts_launch is for the script that sources this

hosts_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hosts_number='' hosts_count=0 hosts_folder=''
hosts_launch=()

hosts_missing() {
    local command
    if [[ $(id -u) != 0 ]]; then
        echo "only root can make hosts as network namespaces"
        return 1
    fi
    for command in ip tc nsenter unshare; do
        if ! command -v "$command" >/dev/null; then
            echo "$command is missing (Debian: iproute2 util-linux)"
            return 1
        fi
    done
    if ! unshare --net --mount --uts true 2>/dev/null; then
        echo "the kernel or the container refuses new namespaces"
        return 1
    fi
    if ! unshare --net ip link add dev probe0 type veth peer name probe1 2>/dev/null ||
        ! unshare --net ip link add dev probe0 type bridge 2>/dev/null; then
        echo "the kernel has no veth or bridge interfaces"
        return 1
    fi
    if ! grep -qiE 'open.?mpi|openrte' <<<"$("${BITLOOM_MPIEXEC:-mpirun}" --version 2>/dev/null)"; then
        echo "only Open MPI's launcher can start ranks in namespaces"
        return 1
    fi
}

# Who creates bridge NUMBER owns it, the addresses 10.78.NUMBER.0/24 and all names with NUMBER. The alias names the owner.
hosts_claim() {
    local number
    for number in $(seq 1 250); do
        if ip link add "bitloom$number" type bridge 2>/dev/null; then
            hosts_number=$number
            ip link set "bitloom$number" alias "of $$ in $(readlink /proc/self/ns/pid)"
            return
        fi
    done
    echo "all 250 numbers of hosts are taken (ip link)"
    return 1
}

# hosts_remove NUMBER: removes the bridge last, so that the number isn't free before everything else is gone. Links are
# removed explicitly, since those of a deleted namespace stay for a moment.
hosts_remove() {
    local space
    for space in $(ip netns list | sed -n "s/^\(bitloom$1-[0-9]*\)\( .*\)\{0,1\}$/\1/p"); do
        hosts_kill_in "$space"
        ip link del "${space}v" 2>/dev/null || true
        ip netns del "$space" 2>/dev/null || true
    done
    ip link del "bitloom$1" 2>/dev/null || true
}

# Removes hosts whose script has ended, as far as this PID namespace can tell.
hosts_remove_orphans() {
    local bridge owner
    for bridge in /sys/class/net/bitloom*/bridge; do
        bridge=${bridge%/bridge}
        owner=$(cat "$bridge/ifalias" 2>/dev/null) || continue
        if [[ $owner =~ ^of\ ([0-9]+)\ in\ (.*)$ && ${BASH_REMATCH[2]} == "$(readlink /proc/self/ns/pid)" ]] &&
            ! kill -0 "${BASH_REMATCH[1]}" 2>/dev/null; then
            hosts_remove "${bridge##*/bitloom}"
        fi
    done
}

# The end of a host's link that stays in this namespace is named HOST and "v".
hosts_raise() {
    local i space link bridge address
    hosts_missing || return
    hosts_remove_orphans
    hosts_claim || return
    hosts_folder=$(mktemp -d)
    bridge=bitloom$hosts_number
    address=10.78.$hosts_number
    hosts_count=$1
    {
        printf '127.0.0.1 localhost\n%s.254 %s\n' "$address" "$(hostname)"
        for i in $(seq "$1"); do
            printf '%s.%d %s-%d\n' "$address" "$i" "$bridge" "$i"
        done
    } >"$hosts_folder/hosts"
    {
        ip addr add "$address.254/24" dev "$bridge" && ip link set "$bridge" up || return
        for i in $(seq "$1"); do
            space=$bridge-$i
            link=$space"v"
            ip netns add "$space" && ip link add "$link" type veth peer name eth0 netns "$space" &&
                ip link set "$link" master "$bridge" up && ip -n "$space" link set lo up &&
                ip -n "$space" addr add "$address.$i/24" dev eth0 && ip -n "$space" link set eth0 up || return
        done
    } 2>&1
    # The launcher uses this in place of ssh. nsenter, since `ip netns exec` hides parts of /sys.
    cat >"$hosts_folder/rsh" <<RSH
#!/bin/sh
host=\$1
shift
exec nsenter --net=/run/netns/\$host unshare --mount --uts sh -c 'hostname "\$0"
    mount --bind $hosts_folder/hosts /etc/hosts; mount -t tmpfs tmpfs /dev/shm; exec sh -c "\$*"' "\$host" "\$@"
RSH
    chmod +x "$hosts_folder/rsh"
}

hosts_lower() {
    if [[ -n $hosts_number ]]; then
        hosts_remove "$hosts_number"
        rm -rf "$hosts_folder"
        hosts_number='' hosts_count=0
    fi
}

hosts_command() {
    local i=0 ranks=0 count list=''
    for count in $1; do
        i=$((i + 1))
        ranks=$((ranks + count))
        list+=,bitloom$hosts_number-$i:$count
    done
    # Variables that are already set are kept, as in scripts/mpirun. Open MPI can't know that the hosts share cores.
    hosts_launch=(
        env "OMPI_MCA_plm_rsh_agent=$hosts_folder/rsh"
        "OMPI_MCA_pml=${OMPI_MCA_pml:-ob1}" "OMPI_MCA_btl=${OMPI_MCA_btl:-tcp,vader,self}"
        "OMPI_MCA_btl_tcp_if_include=10.78.$hosts_number.0/24" "OMPI_MCA_oob_tcp_if_include=10.78.$hosts_number.0/24"
        "OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe:-1}"
        "OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}"
        "OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}"
        "BITLOOM_MPIEXEC_FLAGS=--map-by slot --host ${list#,}"
        "$hosts_here/../../scripts/mpirun" -n "$ranks"
    )
}

# The burst is what passes in 2 ms, at least 128 KiB. With less than the kernel's timers need on busy cores, or than one large
# segment, a link reaches only part of its rate; at 10 Gb/s a tenth.
hosts_limit() {
    local i burst=$1
    burst=${burst/%mbit/000000} burst=${burst/%gbit/000000000}
    burst=$((burst / 4000 > 131072 ? burst / 4000 : 131072))
    for i in $(seq "$hosts_count"); do
        ip netns exec "bitloom$hosts_number-$i" tc qdisc replace dev eth0 root tbf rate "$1" burst "$burst" latency 500ms
        tc qdisc replace dev "bitloom$hosts_number-${i}v" root tbf rate "$1" burst "$burst" latency 500ms
    done
}

hosts_sent() {
    local i
    for i in $(seq "$hosts_count"); do
        cat "/sys/class/net/bitloom$hosts_number-${i}v/statistics/rx_bytes"
    done
}

hosts_received() {
    local i
    for i in $(seq "$hosts_count"); do
        cat "/sys/class/net/bitloom$hosts_number-${i}v/statistics/tx_bytes"
    done
}

hosts_kill_in() {
    local pids
    # Until none is left: processes may start meanwhile.
    for _ in {1..50}; do
        pids=$(ip netns pids "$1" 2>/dev/null) || return 0
        [[ -n $pids ]] || return 0
        # shellcheck disable=SC2086  # a list
        kill -9 $pids 2>/dev/null || true
        sleep 0.02
    done
}

hosts_kill() {
    local i
    for i in $(seq "$hosts_count"); do
        hosts_kill_in "bitloom$hosts_number-$i"
    done
}
