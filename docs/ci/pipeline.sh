#!/bin/sh
# kubefedctl in any CI system. The job's environment has the host cluster's address, the certificate
# of its authority (PEM) and a token: HOST_SERVER, HOST_CA, HOST_TOKEN. Reports go to $REPORTS.
# Needs no terminal and no home folder; leaves no secret behind.
set -eu
umask 077
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
printf '%s\n' "$HOST_CA" > "$work/ca.crt"
printf '%s' "$HOST_TOKEN" > "$work/token"
cat > "$work/config" <<EOF
apiVersion: v1
kind: Config
current-context: host
contexts: [{name: host, context: {cluster: host, user: job}}]
clusters: [{name: host, cluster: {server: "$HOST_SERVER", certificate-authority: ca.crt}}]
users: [{name: job, user: {tokenFile: "$work/token"}}]
EOF
unset HOST_TOKEN
export KUBECONFIG="$work/config"

# 1. what would change, checked by every API server; a difference is an answer
code=0
kubefedctl sync --dry-run=server --diff --plan-out "$work/plan.json" \
  --report "markdown=$REPORTS/plan.md" || code=$?
[ "$code" -le 1 ]

# 2. just that, and ready before the job is green
kubefedctl sync --plan "$work/plan.json" --wait --timeout 10m \
  --report "junit=$REPORTS/junit.xml" --report "html=$REPORTS/report.html"
