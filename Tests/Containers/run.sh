#!/usr/bin/env bash
# Proves compose.yaml on a Docker engine, by hand: builds, starts three edges behind one port and then three with leased ports, has
# clients on each broadcast and call back, kills an edge, and takes everything down. docs/operating.md holds a transcript.
#
#   Tests/Containers/run.sh            all of it; it removes the volumes of the project "perpetua-proof" at the end
#
# PERPETUA_PYTHON  a Python with Tests/requirements.txt (.venv/bin/python, made by Tests/Clients/run.sh)
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${PERPETUA_PYTHON:-.venv/bin/python}
export COMPOSE_PROJECT_NAME=perpetua-proof PERPETUA_ACCESS_TOKEN=proof PERPETUA_AMQP_PASSWORD=proof
export PERPETUA_SHARED_PORT=${PERPETUA_SHARED_PORT:-6700} PERPETUA_API_PORT=${PERPETUA_API_PORT:-8080}
export PERPETUA_AMQP_PORT=${PERPETUA_AMQP_PORT:-5672} PERPETUA_MANAGEMENT_PORT=${PERPETUA_MANAGEMENT_PORT:-15672}
export PERPETUA_WS=ws://127.0.0.1:$PERPETUA_SHARED_PORT PERPETUA_HTTP=http://127.0.0.1:$PERPETUA_API_PORT PERPETUA_TOKEN=proof

shared=(docker compose --profile demo)
ports=(docker compose -f compose.yaml -f compose.ports.yaml --profile demo)
say() { printf '$ %s\n' "$*"; }
step() { say "$@"; "$@"; }
finish() { "${ports[@]}" down --volumes --remove-orphans --timeout 20 >/dev/null 2>&1 || true; }
trap finish EXIT

step docker compose build --quiet
step "${shared[@]}" up --detach --wait --pull never --quiet-pull --scale ws-edge=3
step "${shared[@]}" ps --format 'table {{.Service}}\t{{.Status}}\t{{.Name}}'
PYTHONPATH=Tests/Clients step "$python" -B Tests/Containers/checks_shared.py
for service in registry ws-edge balancer; do step "${shared[@]}" exec -T "$service" health 8081; done
step "${shared[@]}" exec -T api-gateway health 8080
say "docker compose exec ws-edge health 8081 /metrics | grep …"
"${shared[@]}" exec -T ws-edge health 8081 /metrics | grep -E '^perpetua_(info|bus_status|bus_publishes_total|clients|events_delivered_total|bots)'
step "${shared[@]}" down --volumes

step "${ports[@]}" up --detach --wait --pull never --quiet-pull
PYTHONPATH=Tests/Clients step "$python" -B Tests/Containers/checks_ports.py
step "${ports[@]}" down --volumes
