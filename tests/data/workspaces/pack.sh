#!/usr/bin/env bash
# Pack what make.sh made into FOLDER.tar.gz, without large weights, features that are computed again, and locks.
set -euo pipefail
work=$1/workspace
"${PYTHON:-python}" - "$work/warmstart.db" <<'CODE'
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode=DELETE")
database.execute("VACUUM")
CODE
find "$work" -name '*.safetensors' -size +100k -delete
rm -rf "$work/cache" "$work/presence" "$work/datasets"
tar --sort=name --owner=0 --group=0 --numeric-owner -czf "$1.tar.gz" -C "$1" \
    workspace plan.json experiment.json study.json
