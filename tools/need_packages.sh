#!/bin/sh
# Make sure that Debian packages are there: install them when this user may, or say in one line what is missing.
#     tools/need_packages.sh PACKAGE...
if ! command -v dpkg-query >/dev/null; then
    echo "note: not a Debian system; make sure it has what these packages hold: $*" >&2
    exit 0
fi
missing=
for package in "$@"; do
    dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed' || missing="$missing $package"
done
[ -z "$missing" ] && exit 0
if [ "$(id -u)" = 0 ]; then
    as_root=
elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "missing Debian packages; run: sudo apt-get install$missing" >&2
    exit 1
fi
echo "installing Debian packages:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
# shellcheck disable=SC2086 # a list of package names
if ! { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing; } >/dev/null 2>&1
then
    echo "could not install Debian packages; run: sudo apt-get install$missing" >&2
    exit 1
fi
