#!/usr/bin/env bash
# The proto files lint, are formatted, break no one who speaks the committed baseline, and gen/ is what they generate.
# To move the baseline on purpose: buf build proto -o proto/baseline.binpb
set -euo pipefail
cd "$(dirname "$0")/../proto"

buf lint
buf format --diff --exit-code --path tutti
buf breaking --against baseline.binpb

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
buf generate -o "$fresh"
diff -r gen "$fresh/gen" || {
  echo 'proto/gen is out of date: run "npm run codegen".' >&2
  exit 1
}
