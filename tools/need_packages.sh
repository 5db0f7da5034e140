#!/bin/sh
# Make sure that Debian packages are there: install them when this user may, or say in one line what is missing.
#     tools/need_packages.sh PACKAGE...
if ! command -v dpkg-query >/dev/null; then
    echo "note: not a Debian system; make sure it has what these packages hold: $*" >&2
    exit 0
fi
# By name, or by the name of what it stands in for: libglib2.0-0 is libglib2.0-0t64 since Debian 13.
have=$(dpkg-query -W -f '${db:Status-Status} ${Package}, ${Provides}\n' | sed -n 's/^installed //p' | tr , '\n' | sed 's/(.*//; s/ //g')
missing=
for package in "$@"; do
    echo "$have" | grep -qxF "$package" || missing="$missing $package"
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
