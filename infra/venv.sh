#!/bin/sh
# Makes a virtual environment and installs requirements into it.
#   infra/venv.sh DIRECTORY [--project | --once] REQUIREMENTS_FILE...
# Needs Python 3.11 or later (3.13, the runtime on AWS, is taken first; PYTHON=… names another).
# --project also installs this project, editable. --once leaves an environment that is newer than the requirements as
# it is, and lets one of several that want it at the same moment make it. uv is used where it can be had, else pip.
set -eu

venv=$1
shift
project=
if [ "$1" = --project ]; then
    project=yes
    shift
fi
once=
if [ "$1" = --once ]; then
    once=yes
    shift
fi
uv_version=$(sed -n 's/^uv==//p' requirements.txt 2>/dev/null || true)
export UV_PYTHON_DOWNLOADS=never UV_NO_PROGRESS=1 UV_SYSTEM_CERTS=1 PIP_DISABLE_PIP_VERSION_CHECK=1
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH || true

say() { printf '%s\n' "$*" >&2; }
die() {
    say "$@"
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

candidates() {
    for version in 3.13 3.12 3.14 3.11; do
        printf 'python%s\n' "$version"
        if [ -n "$pyenv_root" ]; then
            printf '%s\n' "$pyenv_root/versions/$version".*/bin/python"$version"
        fi
    done
    printf 'python3\npython\n'
}

find_python() {
    pyenv_root=$(pyenv root 2>/dev/null || true)
    candidates | while read -r candidate; do
        if is_new_enough "$candidate"; then
            command -v "$candidate"
            break
        fi
    done
}

python=${PYTHON:-$(find_python)}
if [ -z "$python" ]; then
    die "Python 3.11 or later is needed, and none was found (python3 is: $(python3 --version 2>&1 || true))." \
        "Install one (Debian, Ubuntu: apt install python3.13 python3.13-venv; macOS: brew install python@3.13)," \
        "or name it: make PYTHON=/path/to/python3.13"
fi
is_new_enough "$python" || die "PYTHON=$python is $("$python" --version 2>&1), and 3.11 or later is needed."

is_ready() {
    [ -e "$venv/.ready" ] || return 1
    for file in "$@"; do
        [ "$file" -nt "$venv/.ready" ] && return 1
    done
    return 0
}

# The lock is the kernel's, on the first requirements file: it goes with whoever held it, in whatever way that ends.
LOCK='import fcntl, os, sys
lock = os.open(sys.argv[1], os.O_RDONLY)
fcntl.flock(lock, fcntl.LOCK_EX)
os.set_inheritable(lock, True)
os.execvp("sh", ["sh", *sys.argv[2:]])'
if [ -n "$once" ]; then
    is_ready "$@" && exit 0
    if [ -z "${VENV_IS_LOCKED:-}" ]; then
        export VENV_IS_LOCKED=yes
        exec "$python" -c "$LOCK" "$1" "$0" "$venv" --once "$@"
    fi
fi

find_uv() { # leaves the path of uv in $uv, or nothing
    uv=$(command -v uv || true)
    [ -n "$uv" ] && return
    if [ -x .venv/bin/uv ]; then
        uv=$PWD/.venv/bin/uv
    fi
}

make_environment() {
    rm -rf "$venv"
    if [ -n "$uv" ] && "$uv" venv --quiet --python "$python" "$venv" 2>/dev/null; then
        return
    fi
    uv=
    if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        minor=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        die "$python has no venv module." \
            "Install it (Debian, Ubuntu: apt install python$minor-venv), or name another Python: make PYTHON=…"
    fi
    "$python" -m venv "$venv"
    if [ -n "$uv_version" ] && "$venv/bin/python" -m pip install --quiet "uv==$uv_version" 2>/dev/null; then
        uv=$venv/bin/uv
    fi
}

install() {
    if [ -n "$uv" ] && "$uv" pip install --quiet --python "$venv/bin/python" "$@" 2>/dev/null; then
        return
    fi
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$venv/bin/python" -m ensurepip >/dev/null
    fi
    "$venv/bin/python" -m pip install --quiet "$@"
}

began=$(date +%s)
find_uv
if ! [ -x "$venv/bin/python" ] || ! "$venv/bin/python" -c pass 2>/dev/null; then
    say "making $venv with $("$python" --version) for $*"
    make_environment
fi
set_of_files=
for file in "$@"; do
    set_of_files="$set_of_files -r $file"
done
# shellcheck disable=SC2086 # the names of requirements files hold no blanks
install $set_of_files
if [ -n "$project" ]; then
    install --no-deps --no-build-isolation --editable .
fi
touch "$venv/.ready"
say "$venv is ready, after $(($(date +%s) - began)) s"
