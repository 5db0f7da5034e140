#!/bin/sh
# Try this project where there is nothing: a bare Debian in a folder, and in it only what README.md and packages.txt name.
#     tools/try_bare_debian.sh FOLDER [wheel|demo|test] [SUITE]
# wheel (the default): the built wheel is installed; `bpdemo check` passes, a clip is read, and `bpdemo demo` serves the page
# demo: `make demo` in a clone serves the page; test: `make test` as well
# SUITE is another Debian than this machine's, as trixie. Another Python than this machine's may download gigabytes of torch.
# Needs root, debootstrap, git, `make wheel`'s environment, and 4 GB in FOLDER (7 GB with a CUDA build of torch), which
# must not exist; it is removed at the end, whatever happens. Packages come from where this machine has its own from.
set -eu
folder=${1:?usage: tools/try_bare_debian.sh FOLDER [wheel|demo|test] [SUITE]}
what=${2:-wheel}
here=$(cd "$(dirname "$0")/.." && pwd)
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
suite=${3:-$codename}
mkdir "$folder"
root=$(cd "$folder" && pwd)/root
port=$(python3 -c 'import socket; probe = socket.socket(); probe.bind(("", 0)); print(probe.getsockname()[1])')
app=

clean_up() {
    [ -z "$app" ] || kill -- "-$app" 2>/dev/null || true
    sleep 2
    # What is mounted is let go first: removing the folder must not reach into it.
    grep -o " $root/[^ ]*" /proc/mounts | sort -r | while read -r place; do umount "$place"; done
    if grep -q " $root/" /proc/mounts; then
        echo "something is still mounted in $root; it stays" >&2
    else
        rm -rf --one-file-system "$folder"
    fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

inside() {
    chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# Serve the page by a command and wait until it answers.
serve() {
    began=$(date +%s)
    setsid chroot "$root" /usr/bin/env -i HOME=/root LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin \
        GRADIO_SERVER_PORT="$port" "$@" >"$folder/log" 2>&1 &
    app=$!
    until inside python3 -c "
import urllib.request
print(urllib.request.urlopen('http://127.0.0.1:$port/health').read().decode())" 2>/dev/null; do
        kill -0 "$app" 2>/dev/null || { tail -20 "$folder/log" >&2; echo "the demo ended" >&2; exit 1; }
        sleep 5
    done
    echo "up after $(($(date +%s) - began)) s; $(du -sxm "$root" | cut -f1) MB"
    cat "$folder/log"
}

# Have the page read a clip through its client: PYTHON CLIP, both inside.
read_by_client() {
    inside "$1" - "$port" "$2" <<'EOF'
import sys
from gradio_client import Client, handle_file
client = Client(f"http://127.0.0.1:{sys.argv[1]}", verbose=False)
read = client.predict(handle_file(sys.argv[2]), api_name="/estimate")
print(read["status"], read["heart_rate"], read["systolic"]["value"], read["systolic"]["interval"])
assert read["status"] == "reading" and abs(read["heart_rate"]["value"] - 72) < 1, read["reasons"]
EOF
    kill -- "-$app"
    app=
}

[ "$what" != wheel ] || "$here/.venv/bin/python" -m build --no-isolation --outdir "$folder/dist" "$here" >"$folder/log" 2>&1 ||
    { tail -5 "$folder/log" >&2; exit 1; }
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $codename" 'Label: Debian' | head -1)
echo "== a bare Debian $suite =="
# README.md: git, make and python3-venv; a clone is copied in, so git stays out.
debootstrap --variant=minbase --include=ca-certificates,make,python3-venv "$suite" "$root" "$mirror" >"$folder/log" 2>&1 ||
    { tail -5 "$folder/log" >&2; exit 1; }
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"  # MediaPipe counts processors there
mount -t tmpfs tmpfs "$root/dev/shm"

# How this machine reaches its registries, which a bare one cannot know.
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
python3 -m pip config list | sed -n "s/^[^.]*\.\([a-z-]*\)='\(.*\)'$/\1 = \2/p" | sort -u | awk -F ' = ' '!/file:|^constraint / && !seen[$1]++' |
    { echo '[global]'; cat; } >"$root/etc/pip.conf"
for wheels in $(sed -n 's/^find-links = //p' "$root/etc/pip.conf"); do
    mkdir -p "$root$wheels"
    mount --bind -o ro "$wheels" "$root$wheels"
done
git clone --quiet --local --no-hardlinks "$here" "$root/root/bpdemo"

if [ "$what" = wheel ]; then
    inside python3 --version
    inside sh -c 'cd /root/bpdemo && tools/need_packages.sh $(cat packages.txt)'
    mv "$root/root/bpdemo/examples/face_72_bpm.mp4" "$root/root/clip.mp4"
    rm -rf "$root/root/bpdemo"
    cp "$folder"/dist/*.whl "$root/root/"
    echo "== pip install bpdemo =="
    inside python3 -m venv /root/venv
    inside sh -c '/root/venv/bin/pip install --quiet --disable-pip-version-check /root/bpdemo-*.whl'
    inside /root/venv/bin/bpdemo --version
    inside /root/venv/bin/bpdemo check
    inside /root/venv/bin/bpdemo estimate /root/clip.mp4
    if inside /root/venv/bin/bpdemo demo --no-open; then exit 1; fi  # names the extra
    echo "== pip install bpdemo[demo]; bpdemo demo =="
    inside sh -c '/root/venv/bin/pip install --quiet --disable-pip-version-check "$(echo /root/bpdemo-*.whl)[demo]"'
    serve /root/venv/bin/bpdemo demo --no-open
    read_by_client /root/venv/bin/python /root/clip.mp4
else
    echo "== make demo =="
    serve make -C /root/bpdemo demo
    read_by_client /root/bpdemo/.venv/bin/python /root/bpdemo/examples/face_72_bpm.mp4
    if [ "$what" = test ]; then
        echo "== make test =="
        inside make -C /root/bpdemo test
    fi
fi
echo "== all of it went well =="
