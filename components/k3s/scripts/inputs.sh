#!/usr/bin/env bash
# Prints what K3s depends on and reads at its start alone, by content. Its unit keeps that of the last start,
# and the installation compares: another form of the same content would start every node's K3s anew.
set -euo pipefail
readlink /usr/local/bin/k3s || true
# A machine has one of the two units, and not every file.
sha256sum /etc/systemd/system/k3s.service /etc/systemd/system/k3s-agent.service \
  /etc/rancher/k3s/config.yaml /etc/rancher/k3s/flannel.json /etc/rancher/k3s/registries.yaml \
  /etc/rancher/k3s/token /etc/rancher/k3s/agent-token /etc/rancher/k3s/audit-policy.yaml \
  /etc/rancher/k3s/admission.yaml /etc/rancher/k3s/config.yaml.d/*.yaml \
  /var/lib/rancher/k3s/agent/etc/kubelet.conf.d/50-fogline.conf 2>/dev/null || true
