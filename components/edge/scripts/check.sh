#!/usr/bin/env bash
# Looks a device over and tells everything that keeps it from joining; changes nothing. Follows the parts
# that do the looking.
# Values: those of its parts
set -euo pipefail
check_device
refuse_problems
