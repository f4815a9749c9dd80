#!/usr/bin/env bash
# Prometheus takes its configuration and the alerts, and each alert fires when it should and only then.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v promtool >/dev/null; then
  echo 'skipped: promtool is not installed (Debian: apt-get install prometheus).' >&2
  exit 0
fi
# Hosts and the key exist in the containers only.
promtool check config --syntax-only docker/prometheus/prometheus.yml
promtool check rules docker/alerts/tutti.rules.yml
promtool test rules docker/alerts/tutti.test.yml
