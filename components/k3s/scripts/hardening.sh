# shellcheck shell=bash
# What a node has beyond K3s' defaults: encrypted Secrets, an audit log, a kernel as kubelet wants it; part of
# install.sh.
# Values: those of files.sh; of servers AUDIT_POLICY, ADMISSION (files' texts), ENCRYPTION (K3s' configuration that
#         asks for it) and SECRETS_ENCRYPTION (new|always: whether a cluster that was made without gets it, too); where the kernel is the machine's own SYSCTL (values of the kernel) and PROTECT_KERNEL
#         (K3s' configuration that insists on them), empty elsewhere
# shellcheck disable=SC2154 # etc: of install.sh
set -euo pipefail
state=/var/lib/rancher/k3s/server
encryption_file=/etc/rancher/k3s/config.yaml.d/secrets-encryption.yaml
protection_file=/etc/rancher/k3s/config.yaml.d/protect-kernel-defaults.yaml
# After all others of the machine: what a later file sets otherwise, kubelet would refuse after a restart.
tunables=/etc/sysctl.d/99-zz-fogline-kubelet.conf

write_hardening() {
  if [ "$ROLE" = server ]; then
    put "$etc/audit-policy.yaml" 0600 "$AUDIT_POLICY"
    put "$etc/admission.yaml" 0600 "$ADMISSION"
    # The API server makes the log itself, 0600, but no folder.
    install -d -m 0700 "$state" "$state/logs"
    if may_encrypt; then
      put "$encryption_file" 0600 "$ENCRYPTION"
    fi
  fi
  protect_kernel
}

# may_encrypt: whether K3s may be started with encrypted Secrets. It may from a cluster's first start on. One that was
# made without is given a key by one documented way: K3s, while it runs, is asked for it, and prepares a file.
may_encrypt() {
  [ -e "$encryption_file" ] || [ ! -e "$state/db" ] || [ -s "$state/cred/encryption-config.json" ]
}

# kubelet sets the kernel's values itself where nobody says that they are the machine's. A kernel that is shared with
# others, as a container's is, gets no values from here.
protect_kernel() {
  if [ -z "$SYSCTL" ] || systemd-detect-virt --quiet --container; then
    rm -f "$protection_file"
    return
  fi
  put "$tunables" 0644 "$SYSCTL"
  if sysctl --quiet --load="$tunables" >&2 && kernel_as_wanted; then
    put "$protection_file" 0600 "$PROTECT_KERNEL"
  else
    say "its kernel does not keep the values of $tunables: kubelet sets them itself, at each start (docs/hardening.md)"
    rm -f "$protection_file"
  fi
}

kernel_as_wanted() {
  local name value
  while IFS=' =' read -r name value; do
    case $name in '' | '#'*) continue ;; esac
    [ "$(sysctl --values "$name")" = "$value" ] || return 1
  done <<<"$SYSCTL"
}

# ask_encryption: what K3s says of encrypted Secrets; it answers some seconds after its node is Ready.
ask_encryption() {
  local deadline=$((SECONDS + 60)) said
  until said=$(k3s secrets-encrypt status 2>&1); do
    if [ $SECONDS -ge $deadline ]; then
      say "K3s does not say whether Secrets are encrypted: $said"
      return 1
    fi
    sleep 1
  done
  printf '%s\n' "$said"
}

# prepare_encryption: asks a K3s that runs without encryption for it, and starts it with it. It has no key yet.
prepare_encryption() {
  local said
  if ! said=$(k3s secrets-encrypt enable 2>&1); then
    say "K3s does not take the request to encrypt Secrets, which stay as they are: $said"
    exit 1
  fi
  put "$encryption_file" 0600 "$ENCRYPTION"
  restart "it is to encrypt Secrets"
  await_ready
}

# What the datastore's file shows of Secrets: encrypted, readable, or unknown.
secrets=unknown
print_secrets() { echo "secrets: $secrets"; }

# After `k3s secrets-encrypt enable` and a start, K3s reads every Secret and has no key yet; rotate-keys makes one and
# writes every Secret anew (docs.k3s.io/cli/secrets-encrypt), and a last start follows. Unless the stack asks for it,
# nothing here ends an `up`: a cluster whose Secrets are readable in its datastore's file serves all the same.
finish_encryption() {
  local said
  if [ ! -e "$encryption_file" ]; then
    if [ "$SECRETS_ENCRYPTION" != always ]; then
      secrets=readable
      return
    fi
    prepare_encryption
  fi
  said=$(ask_encryption) || return 0
  case $said in
    *'Encryption Status: Enabled'*) secrets=encrypted ;;
    *AES-CBC* | *XSalsa20*)
      say "Secrets are not encrypted from now on: somebody disabled it (k3s secrets-encrypt disable); enable does the opposite"
      ;;
    *'Current Rotation Stage: start'*)
      say "encrypting every Secret of the datastore"
      if said=$(k3s secrets-encrypt rotate-keys 2>&1); then
        restart "it has a key for Secrets"
        await_ready
        secrets=encrypted
      else
        say "K3s could not encrypt the Secrets, which stay as they are: $said"
        [ "$SECRETS_ENCRYPTION" != always ] || exit 1
      fi
      ;;
    *) say "Secrets are not encrypted, and why is for somebody to look at (k3s secrets-encrypt status): $said" ;;
  esac
}

# Kubernetes gives each namespace an account that pods get without asking. Those of the namespaces that come with
# every cluster hand out no token (CIS 5.1.5), as no pod of ours runs there.
keep_default_accounts() {
  local namespace
  for namespace in default kube-node-lease kube-public; do
    patch "$namespace" serviceaccount default '{"automountServiceAccountToken":false}'
  done
}
