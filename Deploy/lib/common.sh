# shellcheck shell=bash
# What the commands of this directory share. Sourced, never run: sets strict mode, `root`,
# `command_name` and `default_model`.
set -euo pipefail

root=$(dirname -- "$(dirname -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")")")
command_name=$(basename -- "$0")
# An adapter, which is part of the repository; its base is not.
# shellcheck disable=SC2034 # read by the commands
readonly default_model=grace-smollm2-135m

# One line on standard error: standard output belongs to the program that is started.
note() {
    printf '%s: %s\n' "$command_name" "$*" >&2
}

fail() {
    note "$@"
    exit 1
}

# Runs a command and returns its status. A signal sent to this script alone (by a supervisor, or a job's time limit)
# is passed on as an interrupt, so that the command can clean up; then the script ends by that signal. Bash by itself
# would end, or wait, and leave the command running.
run() {
    local child status received=''
    # Bash starts background commands with interrupts ignored.
    env --default-signal=INT,QUIT "$@" &
    child=$!
    trap 'received=INT; kill -s INT "$child" 2>/dev/null || true' INT
    trap 'received=TERM; kill -s INT "$child" 2>/dev/null || true' TERM
    trap 'received=HUP; kill -s INT "$child" 2>/dev/null || true' HUP
    # `wait` also returns when a signal has been handled: the child has ended only when it is gone.
    while
        status=0
        wait "$child" || status=$?
        kill -0 "$child" 2>/dev/null
    do :; done
    trap - INT TERM HUP
    if [[ -n $received ]]; then
        kill -s "$received" $$
    fi
    return "$status"
}

# model_is_installed NAME: an installed model is a directory that is not empty; fetch-model installs by one rename, so
# there is no half of a model.
model_is_installed() {
    [[ -n $(ls -A -- "$root/Models/$1" 2>/dev/null) ]]
}

# ensure_model NAME: fetches the model of Models/manifests/NAME.json unless it is there, or the base of the adapter
# Models/NAME. Only what a manifest names can be fetched; the server itself says what it does not find.
ensure_model() {
    local name=$1
    if [[ -e $root/Models/$name/adapter_config.json ]]; then
        [[ -n $(type -P python3) ]] || "$root/Deploy/bootstrap" --with-pip || return
        name=$("$root/Deploy/fetch-model" --base "$name") || return
    fi
    if [[ -e $root/Models/manifests/$name.json ]] && ! model_is_installed "$name"; then
        "$root/Deploy/bootstrap" --with-pip || return
        run "$root/Deploy/fetch-model" "$name"
    fi
}
