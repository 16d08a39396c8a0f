#!/usr/bin/env bash
# How true the relay's delays are on this computer: pings between two network namespaces of its own, which are
# gone afterwards. Prints CSV, milliseconds: what was asked for, what ping saw beyond the same line without a
# relay, what the relay says itself, and its processor time per packet. Needs root.
# Usage: calibrate.sh RELAY [PINGS]
set -euo pipefail

relay=$(realpath "${1:?usage: calibrate.sh RELAY [PINGS]}")
pings=${2:-200}
near=fogrelay-$$-a
far=fogrelay-$$-b
work=$(mktemp -d)

clean_up() {
  local name
  for name in "$near" "$far"; do
    if ip netns list | grep -q "^$name\b"; then ip netns delete "$name"; fi
  done
  rm -r "$work"
}
trap clean_up EXIT

make_line() {
  ip netns add "$near"
  ip netns add "$far"
  ip -n "$near" link add uplink type veth peer name uplink netns "$far"
  ip -n "$near" address add 198.18.0.1/30 dev uplink
  ip -n "$far" address add 198.18.0.2/30 dev uplink
  ip -n "$near" link set uplink up
  ip -n "$far" link set uplink up
}

# lead_in: what the near end sends goes through the relay; what the relay sends does not.
lead_in() {
  ip -n "$near" route add 198.18.0.0/30 dev fogdelay src 198.18.0.1 table 3846
  ip -n "$near" rule add pref 32700 fwmark 0/0xf06 iif lo lookup 3846
}

lead_past() { ip -n "$near" rule del pref 32700; }

# times FILE: mean, median and 99th percentile of ping's answers, in milliseconds.
times() {
  sed -n 's/.* time=\([0-9.]*\) ms$/\1/p' "$1" | sort -n \
    | awk '{ all[NR] = $1; sum += $1 }
           END { printf "%.3f %.3f %.3f\n", sum / NR, all[int((NR + 1) / 2)], all[int(NR * 0.99 + 0.5)] }'
}

ask() { ip netns exec "$near" ping -n -c "$2" -i "$1" -W 5 198.18.0.2 >"$work/ping"; }

make_line
ask 0.05 "$pings"
read -r base _ < <(times "$work/ping")
echo "asked_ms,jitter_ms,interval_s,pings,ping_mean_ms,ping_median_ms,ping_p99_ms,line_mean_ms,relay_asked_mean_ms,relay_given_mean_ms,relay_given_p99_ms,relay_packets,relay_dropped,relay_cpu_us_per_packet"
# The last two are of 1000 packets a second: what a packet costs when there are many, and what order does to jitter.
for wanted in "0 0 0.05 $pings" "50 0 0.05 $pings" "200 0 0.05 $pings" "50 20 0.05 $pings" "50 20 0.25 $pings" \
  "200 50 0.05 $pings" "0 0 0.001 $((20 * pings))" "50 20 0.001 $((20 * pings))"; do
  read -r delay jitter every count <<<"$wanted"
  ip netns exec "$near" "$relay" -delay="${delay}ms" -jitter="${jitter}ms" -report="$work/report" &
  running=$!
  until ip -n "$near" -oneline link show fogdelay up 2>/dev/null | grep -q fogdelay; do
    kill -0 "$running"
  done
  lead_in
  ask "$every" "$count"
  lead_past
  kill "$running"
  wait "$running"
  read -r mean median p99 < <(times "$work/ping")
  awk -v head="$delay,$jitter,$every,$count,$mean,$median,$p99,$base" '
    function of(name, text) { match(text, "\"" name "\":[0-9.e-]+"); return substr(text, RSTART + length(name) + 3, RLENGTH - length(name) - 3) }
    { asked = $0; sub(/.*"asked":/, "", asked); given = $0; sub(/.*"given":/, "", given)
      printf "%s,%s,%s,%s,%s,%s,%.1f\n", head, of("mean", asked), of("mean", given), of("p99", given),
        of("packets", $0), of("dropped", $0), of("cpuSeconds", $0) / of("packets", $0) * 1e6 }' "$work/report"
done
