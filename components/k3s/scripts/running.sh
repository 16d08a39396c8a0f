# shellcheck shell=bash
# Tells what K3s runs with from what it shall run with; part of install.sh. Nothing of it is remembered
# by the script: an `up` whose connection broke has left its files, and only the program itself says
# whether it was started with them.
# Values: those of files.sh
# shellcheck disable=SC2154 # unit: of install.sh
set -euo pipefail
inputs=/usr/local/lib/fogline/k3s-inputs
started=/run/fogline-k3s-inputs

# must_restart: says why on stdout, and fails where K3s runs as it shall.
must_restart() {
  if ! systemctl is-active --quiet "$unit"; then
    echo "it is not running"
  elif [ "$(systemctl show --property NeedDaemonReload --value "$unit")" = yes ]; then
    echo "its unit is another one than it was started from"
  elif [ ! -e "$started" ] || [ "$("$inputs")" != "$(cat "$started")" ]; then
    echo "its binary or configuration is another one than it was started with"
  elif certificate_due; then
    echo "its certificates end soon"
  else
    return 1
  fi
}

# K3s renews what ends within 120 days, at its start alone.
certificate_due() {
  local file
  for file in /var/lib/rancher/k3s/server/tls/client-admin.crt \
    /var/lib/rancher/k3s/server/tls/serving-kube-apiserver.crt \
    /var/lib/rancher/k3s/agent/{client-kubelet,serving-kubelet}.crt; do
    if [ -e "$file" ] && ! openssl x509 -in "$file" -noout -checkend $((119 * 86400)) >/dev/null; then
      return 0
    fi
  done
  return 1
}

# runs_as_wanted: whether it has started with what is there now.
runs_as_wanted() {
  systemctl is-active --quiet "$unit" && [ -e "$started" ] && [ "$("$inputs")" = "$(cat "$started")" ]
}
