#!/usr/bin/env bash
# How fast avef trains on a GPU. In the repository's environment, of which JAX is a part:
#
#   benchmarks/gpu.sh [--small] [--seconds 450] [--json FILE]
#   benchmarks/gpu.sh --pack FOLDER [--python 3.12]
#
# The second line collects all that is needed on a machine with no network, and with JAX or
# PyTorch for its GPU; FOLDER/gpu.sh then runs there, under that Python. PYTHON names another
# Python than python3; --small shows on any CPU that every part works.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
if [ "${1:-}" = --pack ]; then
  exec "$python" "$here/gpu_pack.py" "${@:2}"
fi
if [ ! -f "$here/job.json" ]; then # in the repository: by a pack, as elsewhere
  folder=$(mktemp -d)
  trap 'rm -rf "$folder"' EXIT
  "$python" "$here/gpu_pack.py" "$folder"
  "$folder/gpu.sh" "$@"
  exit
fi
export PYTHONPATH=$here:$here/packages${PYTHONPATH:+:$PYTHONPATH}
exec "$python" "$here/gpu.py" "$@"
