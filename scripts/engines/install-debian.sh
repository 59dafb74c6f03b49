#!/usr/bin/env bash
# Installs the engines and tools that the whole test suite uses, from Debian's packages. A machine without them can
# still run `npm test`: it says which tests it skipped for want of what.
set -euo pipefail
packages=(chromium redis-server)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
# The services that packages start would hold ports that tests use; tests start their own.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT
for attempt in 1 2 3; do
  if { apt-get update -qq && apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    echo "installed: ${missing[*]}"
    exit 0
  fi
  sleep $((attempt * 3))
done
cat "$log" >&2
exit 1
