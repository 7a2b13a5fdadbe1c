#!/bin/sh
# Builds the Lambda artifact into the folder given; see build_artifact.py. The developers' environment
# is used where there is one, else a small one with what the build needs is made and kept.
set -eu
artifacts=$1
# SAM CLI may run on a Python of its own, and says so in these; they are not about ours.
unset VIRTUAL_ENV PYTHONHOME PYTHONPATH || true
cd "$(dirname "$0")/.."
environment=.venv
if ! [ -e .venv/.ready ]; then
    environment=.venv-build
    infra/venv.sh .venv-build --once functions/requirements-build.txt functions/requirements.txt
fi
exec "$environment/bin/python" infra/build_artifact.py "$artifacts"
