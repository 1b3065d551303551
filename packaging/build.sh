# shellcheck shell=bash disable=SC2154
# Sourced by ./run and ./test, which set `root`: tessera_build TARGETS... installs what is missing, configures and
# builds the release preset. Quiet unless there is something to do or to fix; nothing goes to stdout.

say() { printf 'tessera: %s\n' "$*" >&2; }

# shellcheck source=packaging/common.sh
source "$root/packaging/common.sh"

# What is left of a control group's limit, in bytes: tessera_left_in FOLDER LIMIT USAGE CACHE, the last three names.
# Files that the kernel gives back when asked count as left. Nothing where there is no limit.
tessera_left_in() {
    local limit usage cache
    limit=$(cat "$1/$2" 2>/dev/null) || true
    if [[ $limit =~ ^[0-9]+$ ]]; then
        usage=$(cat "$1/$3")
        cache=$(sed -n "s/^$4 //p" "$1/memory.stat")
        echo $((limit - usage + cache))
    fi
}

# Bytes that may be used: what the machine has, or less where a control group, such as a container's, leaves less.
# A line of /proc/self/cgroup is "ID:CONTROLLERS:/PATH", of version 2 "0::/PATH"; groups around a group count, too.
tessera_free_memory() {
    local free left controllers path files
    free=$(awk '/^MemAvailable/ { printf "%.0f", $2 * 1024 }' /proc/meminfo)
    while IFS=: read -r _ controllers path; do
        case ",$controllers," in
            ,,) files=(/sys/fs/cgroup memory.max memory.current inactive_file) ;;
            *,memory,*) files=(/sys/fs/cgroup/memory memory.limit_in_bytes memory.usage_in_bytes total_inactive_file) ;;
            *) continue ;;
        esac
        while true; do
            left=$(tessera_left_in "${files[0]}$path" "${files[@]:1}")
            if [[ -n $left && $left -lt $free ]]; then
                free=$left
            fi
            [[ -n $path ]] || break
            path=${path%/*}
        done
    done < <(cat /proc/self/cgroup 2>/dev/null)
    echo "$free"
}

# One compiler process may take 1.5 GB on files that see LibTorch: as many as both cores and memory allow.
tessera_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(($(tessera_free_memory) / 1500000000))
    if [[ $memory -lt 1 ]]; then
        memory=1
    fi
    echo $((cores < memory ? cores : memory))
}

# Passes Ninja's lines on: on a terminal as one line that is overwritten, elsewhere not at all.
tessera_show_progress() {
    local line
    while IFS= read -r line; do
        if [[ -t 2 && $line == \[* ]]; then
            printf '\r\033[K%.*s' "$((${COLUMNS:-80} - 1))" "$line" >&2
        fi
    done
    if [[ -t 2 ]]; then
        printf '\r\033[K' >&2
    fi
}

# What Ninja cannot see when it decides whether to run CMake again: where the checkout is, since it may have been copied
# or moved with its build folder; which LibTorch there is, of what kind; and the CUDA compiler where that is of use.
tessera_configuration() {
    local torch
    torch=$(tessera_torch)
    printf '%s\n' "checkout $root" "named ${Torch_DIR:-}:${CMAKE_PREFIX_PATH:-}" "LibTorch $torch"
    cat "$torch/build-version" 2>/dev/null || true
    compgen -G "$torch/../torch-*.dist-info" || true
    if [[ -e $torch/lib/libtorch_cuda.so ]]; then
        echo "CUDA compiler ${CUDACXX:-$(command -v nvcc)}"
    fi
}

tessera_configure() {
    local build=$root/build/release stamp=$root/build/release/.configured configuration
    configuration=$(tessera_configuration)
    if [[ -e $build/build.ninja && $(cat "$stamp" 2>/dev/null) == "$configuration" ]]; then
        return
    fi
    say "configuring for the LibTorch in $(tessera_torch)"
    # Fresh: CMake would refuse a cache from elsewhere, and keeps what it did not find the last time as not there. But
    # what somebody configured by hand keeps its settings.
    local fresh=(--fresh)
    if [[ -e $build/build.ninja && ! -e $stamp ]]; then
        fresh=()
    fi
    mkdir -p "$build"
    echo "being configured" >"$stamp"
    if ! (cd "$root" && cmake "${fresh[@]}" --preset release) >"$root/build/configure.log" 2>&1; then
        cat "$root/build/configure.log" >&2
        say "configuring failed; the output above is also in build/configure.log"
        return 1
    fi
    printf '%s\n' "$configuration" >"$stamp"
}

# ccache fails, and every compiler with it, where it cannot write its files, and, even disabled, without a HOME.
tessera_check_ccache() {
    local folder
    command -v ccache >/dev/null || return 0
    export HOME=${HOME:-/}
    folder=$(ccache --get-config cache_dir)
    mkdir -p "$folder" 2>/dev/null || true
    if [[ ! -w $folder ]]; then
        export CCACHE_DISABLE=1
    fi
}

tessera_compile() {
    local build=$root/build/release log=$root/build/build.log pending
    pending=$(ninja -C "$build" -n "$@" 2>&1) || true
    if [[ $pending == *"no work to do"* ]]; then
        return
    fi
    say "building (the first time takes some minutes)"
    tessera_check_ccache
    # A program that something was piped to must not see this: its stdin stays untouched.
    if ! ninja -C "$build" -j "$(tessera_jobs)" "$@" </dev/null 2>&1 | tee "$log" | tessera_show_progress; then
        grep -v '^\[' "$log" >&2 || true
        say "the build failed; the whole output is in build/build.log"
        return 1
    fi
}

# Status 3: set-up failed, so that nothing is known of the program.
tessera_build() {
    # In a shell of its own: the lock is released before anything is started.
    (
        tessera_lock
        "$root/packaging/setup.sh" || exit 3
        tessera_configure && tessera_compile "$@"
    )
}
