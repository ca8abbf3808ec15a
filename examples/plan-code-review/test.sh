#!/bin/sh
# The project's tests. Exit code 0: all passed.
failed=0

# expect WANTED [ARGUMENT]: greet.sh must print WANTED.
expect() {
    wanted=$1
    shift
    printed=$(sh greet.sh "$@")
    if [ "$printed" = "$wanted" ]; then
        echo "ok: $wanted"
    else
        echo "FAILED: greet.sh $* printed '$printed', not '$wanted'"
        failed=1
    fi
}

expect "Hello, Ada!" Ada
expect "Hello, world!"
exit "$failed"
