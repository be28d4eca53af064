#!/usr/bin/env bash
# Make a small workspace with the version of Warmstart that is checked out in the present folder: make.sh FOLDER
set -euo pipefail
mkdir -p "$1"
export OMP_NUM_THREADS=1 WARMSTART_WORKSPACE=$1/workspace
warmstart() { "${PYTHON:-python}" main.py "$@"; }
digits=(--data digits --classes 4 --labels-per-class 2 --validation-per-class 2 --device cpu)
glyphs=(--data glyphs --device cpu)
sinusoid=(--data sinusoid --backbone sine_mlp --device cpu)
tuned=("${digits[@]}" --method lp_ft --set probe_epochs=2 --set epochs=2 --name "two seeds")
proto=("${glyphs[@]}" --method protonet --set way=3 --set query=2 --set steps=4 --set validate_every=2
       --set validation_episodes=10 --set test_episodes=10 --name prototypes)

warmstart run "${tuned[@]}" --dry-run --seeds 2 > "$1/plan.json"
warmstart run "${proto[@]}" --dry-run > "$1/experiment.json"
warmstart run "${tuned[@]}" --seeds 2
warmstart run "${digits[@]}" --method head_bench --name bench
warmstart run "${proto[@]}"
warmstart run "${sinusoid[@]}" --method maml --set steps=6 --set meta_batch=2 --set validate_every=3 \
    --set validation_episodes=10 --set test_episodes=10 --name sines
warmstart run "${digits[@]}" --method linear_probe --set epochs=3 --shift noise:3 --tested-on noise:5 --name shifted

cat > "$1/study.json" <<'STUDY'
{"title": "Two cells", "dataset": {"name": "digits", "classes": 4, "validation_per_class": 2}, "labels": [2], "seeds": [0],
 "arms": [{"title": "Probe", "method": {"name": "linear_probe", "hyperparameters": {"epochs": 2}}},
          {"title": "Scratch", "backbone": {"name": "conv4", "weights": "random"},
           "method": {"name": "scratch", "hyperparameters": {"epochs": 2}}}]}
STUDY
warmstart study "$1/study.json" --device cpu

if warmstart resume --help > /dev/null 2>&1; then  # one run twice: whole, and stopped on its way
    long=("${sinusoid[@]}" --method maml --set steps=400 --set meta_batch=1 --set inner_steps=1 --set validate_every=200
          --set validation_episodes=10 --set test_episodes=10)
    warmstart run "${long[@]}" --name whole
    mkfifo "$1/said"
    "${PYTHON:-python}" main.py run "${long[@]}" --name stopped --json > "$1/said" & going=$!
    while read -r line; do
        case $line in *'"metrics"'*'"step": 99,'*) kill -TERM $going ;; esac
    done < "$1/said"
    wait $going || true
    rm "$1/said"
    warmstart list runs
fi
