#!/usr/bin/env bash
# Submits a job, waits for its end and prints its log. Exits with 1 unless the job has succeeded.
set -euo pipefail

# The key is no argument of a process, which others on the machine could list.
send() {
  curl --silent --show-error --fail-with-body --header 'content-type: application/json' \
    --config <(printf 'header = "authorization: Bearer %s"\n' "$SWITCHYARD_API_KEY") "$@"
}
# Prints a text field of a JSON object: status, id.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

# With the idempotency key, the retries of curl return the same job instead of creating a second one.
job=$(send "$SWITCHYARD_URL/jobs" --retry 3 --header "idempotency-key: example-$RANDOM$RANDOM" --data '{
  "provider": "modelarts", "name": "train", "image": "deep-learning/pytorch:2.1",
  "script": "echo training; python train.py", "resources": {"flavor": "modelarts.vm.gpu.v100"}
}' | field id)
echo "submitted $job"

# Each request waits up to 30 seconds for the final status.
status=queued
until [[ $status =~ ^(succeeded|failed|canceled|unknown)$ ]]; do
  status=$(send "$SWITCHYARD_URL/jobs/$job" --header 'prefer: wait=30' | field status)
  # A service that is about to stop returns at once.
  sleep 0.2
done

send "$SWITCHYARD_URL/jobs/$job/logs/raw"
echo "$status"
[ "$status" = succeeded ]
