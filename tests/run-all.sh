#!/bin/sh
# Every check and every test, in one go; `make test` calls it. It reports all that failed at the
# end, and leaves no process and no file behind outside the checkout.
set -u
cd "$(dirname "$0")/.." || exit 1
here=$(pwd)
bin=.venv/bin
mkdir -p var

# What the tests, Chromium and npm write goes here. Chromium's sockets lie in it as well, and a
# socket's path holds 107 characters, so a deep checkout takes a place under /tmp.
scratch=$(mktemp -d "$here/var/test.XXXXXX")
if [ "${#scratch}" -gt 60 ]; then
    rmdir "$scratch"
    scratch=$(mktemp -d /tmp/notifier-test.XXXXXX)
fi
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP

failed=""
step() {
    name=$1
    shift
    printf '\n== %s\n' "$name"
    "$@" || failed="$failed, $name"
}

code=""
for path in app.py bench config notifier tests; do
    [ -e "$path" ] && code="$code $path"
done
step "ruff check" "$bin/python" -m ruff check $code
step "ruff format" "$bin/python" -m ruff format --check $code
step "mypy" "$bin/python" -m mypy
step "lint-imports" "$bin/lint-imports"

if [ "${1:-}" != "--only-checks" ]; then
    CHROMIUM=$("$bin/python" -m tests.browser.chromium --install)
    command -v npx >/dev/null ||
        echo "Prism's contract tests are left out: node and npx were not found." >&2
    export CHROMIUM
    export npm_config_userconfig="${npm_config_userconfig:-${HOME:-/}/.npmrc}"
    export npm_config_cache="$here/var/npm"
    export TMPDIR="$scratch" HOME="$scratch/home"
    export XDG_CACHE_HOME="$HOME/.cache" XDG_CONFIG_HOME="$HOME/.config"
    mkdir -p "$HOME"
    # Browser tests share the machine badly with others, so they come after.
    step "pytest" "$bin/python" -m pytest -q -n 2 --dist loadgroup -m "not browser" </dev/null
    if [ -n "$CHROMIUM" ]; then
        step "pytest, in the browser" "$bin/python" -m pytest -q -n 2 -m browser </dev/null
    fi
fi

if [ -n "$failed" ]; then
    printf '\nFailed: %s\n' "${failed#, }" >&2
    exit 1
fi
printf '\nAll is well.\n'
