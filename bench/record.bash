# What benchmarks in bash share, as bench.h does for those in C. To be sourced.
# shellcheck shell=bash

# record NAME VALUE LIMIT TARGET: appends a line to the file named by BITLOOM_BENCH_JSON, if that is set, as bench_record does.
# LIMIT is "at most" or "at least".
record() {
    if [[ -n ${BITLOOM_BENCH_JSON-} ]]; then
        printf '{"name": "%s", "value": %.4g, "limit": "%s", "target": %.4g}\n' "$@" >>"$BITLOOM_BENCH_JSON"
    fi
}

# compute EXPRESSION [NAME=NUMBER]...: the value of an awk expression.
compute() {
    local expression=$1 given=() pair
    shift
    for pair in "$@"; do
        given+=(-v "$pair")
    done
    awk -v OFMT=%.10g "${given[@]}" "BEGIN { print ($expression) }"
}

# missed VALUE LIMIT TARGET: "missed", or nothing.
missed() {
    awk -v value="$1" -v limit="$2" -v target="$3" 'BEGIN {
        if (limit == "at most" ? value + 0 > target + 0 : value + 0 < target + 0) print "missed"
    }'
}

# number NAME: the number of that key in a line of JSON on standard input.
number() {
    sed -n "s/.*\"$1\": *\([-0-9.e+]*\).*/\1/p"
}

# npy SHAPE BYTES: an NPY file of random bytes.
npy() {
    printf '\x93NUMPY\x01\x00\x76\x00%-117s\n' "{'descr': '|u1', 'fortran_order': False, 'shape': ($1), }"
    head -c "$2" /dev/urandom
}
