#!/bin/sh
# need.sh PACKAGE...: installs the Debian packages that are missing, as root or by sudo; where that cannot be done,
# stops with one line that names them.
set -eu

missing=
for package in "$@"; do
    dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null; then
    echo "missing:$missing (names of Debian packages; this system has no apt-get)" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null || { [ -t 0 ] && command -v sudo >/dev/null; }; then
    as_root="sudo"
else
    echo "missing:$missing (install them, or run as root or with sudo)" >&2
    exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
get="$as_root apt-get -qq -o DPkg::Lock::Timeout=900"
# shellcheck disable=SC2086  # lists of words
{ $get install -y --no-install-recommends $missing >/dev/null 2>&1 ||
    { $get update && $get install -y --no-install-recommends $missing >/dev/null; }; } || {
    echo "missing:$missing (apt-get could not install them)" >&2
    exit 1
}
