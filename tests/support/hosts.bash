# Several hosts on this machine, as network namespaces on a bridge: each has its own address, host name and /dev/shm, so
# MPI takes them for hosts. For benchmarks and tests in bash, which source it:
#
#   hosts_missing           says what is missing to have hosts here, and fails; silent where nothing is
#   hosts_raise N           makes N hosts (1 to 64); prints why it can't, and fails
#   hosts_lower             ends what runs on them and removes them; may come twice, and belongs into the trap on EXIT
#   hosts_command COUNTS    sets hosts_launch, an array: the launcher of COUNTS[i] ranks on host i, such as '1 2 3'; the
#                           program and its arguments follow it
#   hosts_limit RATE        limits each link in both directions: 100mbit, 1gbit; what it gives then bench_link says
#   hosts_sent              the bytes that have left each host so far, one number a line: what the kernel counts on its link
#   hosts_received          the same of those that have come to it
#   hosts_kill              SIGKILL to all that runs on the hosts
#
# Names and addresses are taken by the kernel's own "already exists", so that several scripts may have hosts at a time. Hosts
# of a script that was killed before it could lower them are removed by the next that raises some.
# shellcheck shell=bash disable=SC2034  # hosts_launch is for the script that sources this

hosts_here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
hosts_number='' hosts_count=0 hosts_folder=''
hosts_launch=()

hosts_missing() {
    local command
    if [[ $(id -u) != 0 ]]; then
        echo "hosts as network namespaces can be made by root only"
        return 1
    fi
    for command in ip tc nsenter unshare; do
        if ! command -v "$command" >/dev/null; then
            echo "there is no $command here (Debian: iproute2 util-linux)"
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
        echo "ranks over namespaces are started by Open MPI's launcher alone"
        return 1
    fi
}

# Whoever makes the bridge has its number, the address 10.78.NUMBER.0/24 and all names with it. The alias tells who that is.
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

# hosts_remove NUMBER: the bridge last, so that nobody gets the number before all else is gone; links by themselves, since
# those of a deleted namespace stay for a moment.
hosts_remove() {
    local space
    for space in $(ip netns list | sed -n "s/^\(bitloom$1-[0-9]*\)\( .*\)\{0,1\}$/\1/p"); do
        hosts_kill_in "$space"
        ip link del "${space}v" 2>/dev/null || true
        ip netns del "$space" 2>/dev/null || true
    done
    ip link del "bitloom$1" 2>/dev/null || true
}

# A script that is gone, in this namespace of processes, can't lower its hosts any more.
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

# The link's end that stays here is named after the host and "v".
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
    # What the launcher takes for ssh. nsenter, since `ip netns exec` hides parts of /sys.
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
    # Each variable that is set already wins, as in scripts/mpirun. Open MPI doesn't see that hosts share cores.
    hosts_launch=(
        env "OMPI_MCA_plm_rsh_agent=$hosts_folder/rsh"
        "OMPI_MCA_pml=${OMPI_MCA_pml:-ob1}" "OMPI_MCA_btl=${OMPI_MCA_btl:-tcp,vader,self}"
        "OMPI_MCA_btl_tcp_if_include=10.78.$hosts_number.0/24" "OMPI_MCA_oob_tcp_if_include=10.78.$hosts_number.0/24"
        "OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe:-1}"
        "OMPI_MCA_hwloc_base_binding_policy=${OMPI_MCA_hwloc_base_binding_policy:-none}"
        "OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}"
        "$hosts_here/../../scripts/mpirun" -n "$ranks" --map-by slot --host "${list#,}"
    )
}

# The burst is what passes in 2 ms: with less than the kernel's timers need on busy cores, or than one large segment, a link gives
# only part of its rate, at 10 Gb/s a tenth.
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
    # Until none is left: what starts meanwhile must end too.
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
