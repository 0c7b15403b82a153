#!/bin/sh
# own_tmp.sh OPTIONS KEEP COMMAND...: runs COMMAND with a /tmp of its own, a tmpfs mounted with OPTIONS, as in a container. The folder KEEP can be seen all
# the same where it lies in the /tmp of the others. Needs a mount namespace of its own: unshare -m.
set -e
options=$1 keep=$2
shift 2
aside=$(mktemp -d /var/tmp/opscope-XXXXXX)
mount --bind "$keep" "$aside"
mount -t tmpfs -o "$options" tmpfs /tmp
mkdir -p "$keep"
mount --bind "$aside" "$keep"
umount "$aside"
rmdir "$aside"
exec "$@"
