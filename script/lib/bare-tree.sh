# SPDX-License-Identifier: GPL-3.0-or-later
# A minimal Debian 12 in a temporary folder, for proofs on a bare machine; it goes with the script that sources this, whatever
# ends it. Gives $top, $tree, $started, say, quietly, bare_tree (makes it) and within COMMAND (runs sh in it). Ends the process $server, too.
[ "$(id -u)" = 0 ] || {
    echo "script/${0##*/}: a tree of Debian can be made by root only" >&2
    exit 1
}
script/bootstrap bare

top=$(mktemp -d)
chmod 755 "$top" # users of the tree must get through
tree=$top/debian
server=
cleanup() {
    trap - EXIT INT TERM
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    # Nothing may be removed while something of the real machine is mounted below.
    for mounted in $(awk -v below="$top/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r); do
        umount "$mounted" 2>/dev/null || umount --lazy "$mounted" || true
    done
    if grep -q " $top/" /proc/mounts; then
        echo "script/${0##*/}: $top is still mounted somewhere and was left" >&2
    else
        rm -rf --one-file-system "$top"
    fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

started=$(date +%s)
say() {
    echo "[$(($(date +%s) - started)) s] $*"
}
quietly() {
    "$@" >"$top/log" 2>&1 </dev/null || {
        tail -n 60 "$top/log" >&2
        echo "script/${0##*/}: '$*' failed" >&2
        exit 1
    }
}

# The mirror, and how apt and npm reach theirs, are this machine's.
node_certificates=
bare_tree() {
    mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN) $(COMPONENT)' |
        awk '$2 == "bookworm" && $3 == "Debian" && $4 == "main" { print $1; exit }')
    [ -n "$mirror" ] || {
        echo "script/${0##*/}: apt on this machine has no source of Debian 12 (bookworm main)" >&2
        exit 1
    }
    say "making a minimal Debian 12"
    quietly debootstrap --variant=minbase bookworm "$tree" "$mirror"
    sources=$tree/etc/apt/sources.list
    echo "deb $mirror bookworm main" >"$sources"
    apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(ORIGIN) $(COMPONENT)' | sort -u |
        awk '$2 ~ /^bookworm-(updates|security)$/ && $3 == "Debian" && $4 == "main" { print "deb", $1, $2, $4 }' >>"$sources"
    apt-config dump | grep -E '^Acquire::(https?::|ForceIPv|Retries|Check-)' >"$tree/etc/apt/apt.conf.d/90host" || true
    cp /etc/resolv.conf /etc/hosts "$tree/etc/" 2>/dev/null || true
    # Where a proxy with a certificate of its own stands between this machine and npm's registry, it does so for the tree.
    if [ -r "${NODE_EXTRA_CA_CERTS:-}" ]; then
        cp "$NODE_EXTRA_CA_CERTS" "$tree/etc/ssl-of-the-network.pem"
        node_certificates=/etc/ssl-of-the-network.pem
    fi
    mount_tree
}
# A root folder that is a mount point, as on a machine, with what the kernel shows.
mount_tree() {
    mount --bind "$tree" "$tree"
    mount_kernel
}
mount_kernel() {
    mount -t proc proc "$tree/proc"
    mount --bind /dev "$tree/dev"
    mount --bind /dev/pts "$tree/dev/pts"
    mount -t sysfs -o ro sysfs "$tree/sys" 2>/dev/null || true
    mount -t tmpfs tmpfs "$tree/dev/shm" 2>/dev/null || true
}

# For a container's engine, which brings its own.
unmount_kernel() {
    for mounted in dev/shm dev/pts dev sys proc; do
        ! mountpoint -q "$tree/$mounted" || umount "$tree/$mounted"
    done
}

# Nothing of this machine's environment but the way to the network.
within() {
    chroot "$tree" /usr/bin/env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \
        http_proxy="${http_proxy:-}" https_proxy="${https_proxy:-}" no_proxy="${no_proxy:-}" CI="${CI:-}" \
        NODE_EXTRA_CA_CERTS="$node_certificates" DEBIAN_FRONTEND=noninteractive /bin/sh -c "$1"
}
# ready PORT COMMAND...: waits until /ready answers there, in $answer. When it does not, or $server has ended, the command shows the log.
ready() {
    tries=0
    until answer=$(curl -fsS --noproxy '*' -m 5 "http://127.0.0.1:$1/ready" 2>/dev/null); do
        tries=$((tries + 1))
        if [ $tries -gt 240 ] || { [ "$server" ] && ! kill -0 "$server" 2>/dev/null; }; then
            shift
            "$@" >&2
            echo "script/${0##*/}: the server did not become ready" >&2
            exit 1
        fi
        sleep 0.25
    done
}
# stop: the server by SIGTERM, which must end it well.
stop() {
    kill -TERM "$server"
    wait "$server" || {
        echo "script/${0##*/}: the server did not end cleanly ($?)" >&2
        exit 1
    }
    server=
}
