# shellcheck shell=bash disable=SC2154
# Sourced by packaging/build.sh and packaging/setup.sh, which set `root` and say(): what both must do alike.

# Fails with a sentence where the build folder cannot be written: after a build as root, for instance.
tessera_writable() {
    local path paths=("$root"/build{,/.lock,/release})
    mkdir -p "$root/build" 2>/dev/null || paths=("$root")
    for path in "${paths[@]}"; do
        if [[ -e $path && ! -w $path ]]; then
            say "expected a checkout in which $(id -un 2>/dev/null) can build; $path belongs to $(stat -c %U "$path")" \
                "and cannot be written"
            return 1
        fi
    done
}

# One set-up and one build at a time, until this shell ends. Descriptor 9 is handed on to what is started: a script
# whose caller holds the lock holds it, too.
tessera_lock() {
    local lock=$root/build/.lock
    [[ /proc/self/fd/9 -ef $lock ]] || exec 9>"$lock"
    if ! flock -n 9; then
        say "waiting for another build in $root/build"
        flock 9
    fi
}

# The folder of the LibTorch that the user names. Asks as packaging/cmake/TesseraTorch.cmake does: a prefix path may be
# there for other reasons.
tessera_named_torch() {
    local directory candidate
    while IFS= read -r -d : directory; do
        [[ -n $directory ]] || continue
        for candidate in "$directory" "$directory/torch" "$directory/../.." "$directory/../../.."; do
            if [[ -e $candidate/lib/libtorch_cpu.so && -e $candidate/include/ATen/ATen.h ]]; then
                printf '%s\n' "$candidate"
                return
            fi
        done
    done <<<"${Torch_DIR:-}:${CMAKE_PREFIX_PATH:-}:"
    return 1
}

# The folder of the LibTorch that is built with: the named one, or what set-up installed.
tessera_torch() {
    tessera_named_torch || compgen -G "$root/build/venv/lib/python3*/site-packages/torch" | head -n 1
}
