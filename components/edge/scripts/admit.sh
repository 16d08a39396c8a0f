#!/usr/bin/env bash
# Hands a device that the overlay's server knows by now its configuration, by way of the hub's enrolment.
# Runs on the hub.
# Values: those of departure.sh, ISSUE (another one is another device), CONF (the device's, without its private key)
# Parts before it: files.sh, departure.sh
set -euo pipefail
case $1 in
  create | update)
    # Where an earlier device had this address, the server has forgotten its key by now.
    rm -f "/var/lib/fogline/enrolment/$NODE/barred"
    /usr/local/libexec/fogline-enrol open
    put "/var/lib/fogline/enrolment/$NODE/conf" 0600 "$CONF"
    ;;
  delete)
    await_departure
    ;;
esac
