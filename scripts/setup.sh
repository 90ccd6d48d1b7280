#!/bin/sh
# Make .venv from the locks, with a Python that this machine's glibc can run TFDV on.
# Called by the Makefile only when a lock is newer than the last set-up.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
die() { say "setup: $*"; exit 1; }

[ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] ||
    die "TensorFlow Data Validation is published for Linux x86-64 only; this is $(uname -s) $(uname -m)"
glibc=$(getconf GNU_LIBC_VERSION 2>/dev/null | cut -d' ' -f2) || glibc=
[ -n "$glibc" ] || die "TensorFlow needs glibc; this system has none (musl?). Use Debian 12 or newer, or Ubuntu 22.04 or newer"

# TFDV 1.21 (Python 3.12 and 3.13) has wheels for glibc 2.39 and newer; TFDV 1.16.1 (Python 3.11) runs on older ones too.
if [ "$(printf '%s\n' 2.39 "$glibc" | sort -V | head -n 1)" = 2.39 ]; then
    wanted="3.13 3.12 3.11"
    packages="python3 python3-venv"
else
    wanted="3.11"
    packages="python3.11 python3.11-venv"
fi

python=
reason=
for version in $wanted; do
    # All of PATH, not only the first of each name: a version manager's stub may stand before the real one.
    for path in $(printf %s "$PATH" | tr : '\n' | sed "s|.*|&/python$version &/python3 &/python|"); do
        [ -x "$path" ] || continue
        "$path" -c "import sys; sys.exit('%d.%d' % sys.version_info[:2] != '$version')" 2>/dev/null || continue
        if ! "$path" -c 'import ensurepip, venv' 2>/dev/null; then
            reason="$path cannot make virtual environments (Debian and Ubuntu: apt-get install python$version-venv)"
            continue
        fi
        python=$path
        break 2
    done
done
if [ -z "$python" ]; then
    [ -n "$reason" ] && die "$reason"
    found=$(python3 --version 2>/dev/null) || found="no Python"
    die "glibc $glibc needs Python $(printf %s "$wanted" | sed 's/ / or /g'); on PATH is $found (Debian and Ubuntu: apt-get install $packages)"
fi

say "setup: $("$python" --version) at $python (glibc $glibc); installing into .venv"
failed="set-up did not finish (see above); it needs the package index that pip is configured for, so mend the network and run it again"
# A .venv of this Python is brought up to date in place; nothing is downloaded when nothing changed.
if ! .venv/bin/uv --version >/dev/null 2>&1 ||
    [ "$(.venv/bin/python --version 2>/dev/null)" != "$("$python" --version)" ]; then
    "$python" -m venv --clear .venv
    .venv/bin/pip install --quiet --disable-pip-version-check --no-deps --require-hashes \
        -r requirements/bootstrap.txt || die "$failed"
fi
# uv reads none of pip's configuration. Where packages come from, by which certificate and proxy, is
# taken from it, as pip ranks it: what the environment says, then [install], then [global].
pip_configuration=$(.venv/bin/pip --disable-pip-version-check config list 2>/dev/null) || pip_configuration=
configured() {
    for place in :env: install global; do
        value=$(printf '%s\n' "$pip_configuration" | sed -n "s/^$place\.$1='\(.*\)'\$/\1/p" | sed "s/\\\\n/$2/g; s/^$2//")
        [ -z "$value" ] || break
    done
    printf %s "$value"
}
hand_over() {
    eval "[ -z \"\${$1:-}\" ]" || return 0
    value=$(configured "$2" "${3:- }")
    [ -z "$value" ] || export "$1=$value"
}
hand_over UV_DEFAULT_INDEX index-url
hand_over UV_INDEX extra-index-url
hand_over UV_FIND_LINKS find-links ,
hand_over UV_NO_INDEX no-index
hand_over UV_INSECURE_HOST trusted-host
hand_over UV_HTTP_TIMEOUT timeout
hand_over SSL_CERT_FILE cert
hand_over SSL_CLIENT_CERT client-cert
hand_over ALL_PROXY proxy

# Source distributions are built with the locked setuptools, so that nothing unlocked is downloaded.
# Run outside the project: its resolution overrides are for making the lock, not for installing it.
root=$PWD
cd .venv
export VIRTUAL_ENV="$root/.venv"
bin/uv pip sync --no-config --require-hashes --no-build-isolation --compile-bytecode \
    "$root/requirements/bootstrap.txt" "$root/requirements/lock.txt" || die "$failed"
bin/uv pip install --no-config --quiet --no-deps --no-build-isolation --offline -e "$root" || die "$failed"
touch .ready
