# shellcheck shell=bash disable=SC2154
# Sourced by ./run and ./test, which set `root`: tessera_build TARGETS... installs what is missing, configures and
# builds the release preset. Quiet unless there is something to do or to fix; nothing goes to stdout.

say() { printf 'tessera: %s\n' "$*" >&2; }

# One compiler process may take 1.5 GB on files that see LibTorch: as many as both cores and memory allow.
tessera_jobs() {
    local cores memory
    cores=$(nproc)
    memory=$(awk '/^MemAvailable/ { print int($2 / 1500000) }' /proc/meminfo)
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

tessera_configure() {
    local build=$root/build/release hints=${Torch_DIR:-}:${CMAKE_PREFIX_PATH:-}
    # Ninja runs CMake again when its files change; that another LibTorch is named is what it cannot see.
    if [[ -e $build/build.ninja && $(cat "$build/.torch" 2>/dev/null || echo :) == "$hints" ]]; then
        return
    fi
    say "configuring"
    if ! (cd "$root" && cmake --preset release -D "TESSERA_TORCH_HINTS=${hints//:/;}") \
        >"$root/build/configure.log" 2>&1; then
        cat "$root/build/configure.log" >&2
        say "configuring failed; the output above is also in build/configure.log"
        return 1
    fi
    printf '%s\n' "$hints" >"$build/.torch"
}

tessera_compile() {
    local build=$root/build/release log=$root/build/build.log pending
    pending=$(ninja -C "$build" -n "$@" 2>&1) || true
    if [[ $pending == *"no work to do"* ]]; then
        return
    fi
    say "building (the first time takes some minutes)"
    # A program that something was piped to must not see this: its stdin stays untouched.
    if ! ninja -C "$build" -j "$(tessera_jobs)" "$@" </dev/null 2>&1 | tee "$log" | tessera_show_progress; then
        grep -v '^\[' "$log" >&2 || true
        say "the build failed; the whole output is in build/build.log"
        return 1
    fi
}

tessera_build() {
    mkdir -p "$root/build"
    # One set-up and one build at a time; the lock is released before anything is started.
    (
        flock 9
        "$root/packaging/setup.sh" && tessera_configure && tessera_compile "$@"
    ) 9>"$root/build/.lock"
}
