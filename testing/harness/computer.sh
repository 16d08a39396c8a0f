#!/usr/bin/env bash
# The first process of a second computer: mounts what must be its own, says that it is ready, and waits for
# the processes that lose their parent, as an init does.
# Usage, in namespaces of its own: computer.sh PROJECT FOLDER HIERARCHY=GROUP …
set -euo pipefail
project=$1
folder=$2
shift 2

# Seen from inside, the computer's group is the top of each hierarchy of control groups.
for hierarchy in "$@"; do
  mount --bind "${hierarchy#*=}" "${hierarchy%%=*}"
done
if [[ -e /sys/fs/cgroup/cgroup.controllers ]]; then
  # Where control groups are unified, one that hands limits down has no processes of its own.
  mkdir /sys/fs/cgroup/init
  echo $$ >/sys/fs/cgroup/init/cgroup.procs
fi

# Sockets, locks and names of namespaces. What other programs of this computer keep there is not theirs.
# The first computer's namespaces go before: covered, they would still be in the list of mounts.
! mountpoint -q /run/netns || umount --recursive /run/netns
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p /run/lock /run/netns /run/overlay/{upper/fogline,work}

# Machines' disks: containerd stacks its layers on them, so they lie on the plain disk below FOLDER.
mount -t overlay -o lowerdir=/var/lib,upperdir=/run/overlay/upper,workdir=/run/overlay/work overlay /var/lib
mount --bind "$folder/machines" /var/lib/fogline

# Everything that a lab notes in its checkout; logs of tests and bundled programs are everybody's.
for shared in tests bundles; do
  mkdir -p "$project/.fogline/$shared" "$folder/checkout/$shared"
  mount --bind "$project/.fogline/$shared" "$folder/checkout/$shared"
done
mount --rbind "$folder/checkout" "$project/.fogline"

ip link set lo up
echo ready
# Bash waits for adopted children as well, whenever one ends.
sleep infinity &
wait
