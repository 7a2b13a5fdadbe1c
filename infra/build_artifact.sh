#!/bin/sh
# Builds the Lambda artifact into the folder given; see build_artifact.py. The developers' environment
# is used where there is one, else a small one with what the build needs is made and kept.
set -eu
artifacts=$1
cd "$(dirname "$0")/.."
environment=.venv
if ! [ -e .venv/.ready ]; then
    environment=.venv-build
    if ! [ -e .venv-build/.ready ] || [ functions/requirements-build.txt -nt .venv-build/.ready ]; then
        infra/venv.sh .venv-build functions/requirements-build.txt
    fi
fi
exec "$environment/bin/python" infra/build_artifact.py "$artifacts"
