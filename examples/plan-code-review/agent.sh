#!/bin/sh
# An agent in a hundred lines: it plans, codes or reviews, as orchestra asks. A real one would ask a model; this one knows
# the answer, so that everything around it can be seen.
#
# What it is given:
#   ORCHESTRA_ROLE       research (the plan step), implement (the code step) or review
#   ORCHESTRA_INPUTS     a folder with the files that earlier steps left, each under the id of its step; only for reading
#   ORCHESTRA_ARTIFACTS  an empty folder; what is put there is kept, and handed to the steps after this one
#   ORCHESTRA_MESSAGE    the path of the task message (JSON); the same stands on standard input
#   REHEARSE             yours, see orchestra.yaml: `plan` or `code` lets that step fail, `veto` lets the review say no.
#                        It is short on purpose: the value of a variable that is passed on is taken out of all records,
#                        as a password would be, if it is long enough to be one.
# What it gives back: one line of JSON on standard output. Exit code 0 says that the line counts.
#
# A real agent would read JSON with a real parser. The files here are written by this script, one field to a line, so that
# sed will do and nothing needs to be installed.
set -eu

plan=$ORCHESTRA_INPUTS/plan/plan.json
code=$ORCHESTRA_INPUTS/code/code.json

# field NAME FILE: the text of a field that stands in a line of its own.
field() {
    sed -n "s/^ *\"$1\": \"\(.*\)\",*\$/\1/p" "$2" | head -n 1
}

# fails STEP WHY: the rehearsed failure of a step. What is on standard error is what the steps after it are told.
fails() {
    if [ "${REHEARSE-}" = "$1" ]; then
        echo "$2" >&2
        exit 3
    fi
}

# The plan step: look, and write down what is to be done. It changes nothing in the project.
plan() {
    fails plan "rehearsed: there is no good plan for this ticket"
    line=$(grep -n '^name=' greet.sh | cut -d : -f 1)
    cat > "$ORCHESTRA_ARTIFACTS/plan.json" <<END
{
  "version": 1,
  "summary": "Let line $line of greet.sh fall back to the world",
  "steps": [
    {"text": "Give name a default", "files": [
      "greet.sh"
    ]}
  ],
  "files": [
    {"path": "greet.sh", "why": "line $line takes the first argument, given or not"},
    {"path": "test.sh", "why": "shows the defect"}
  ],
  "risks": ["an empty name counts as none"]
}
END
    echo '{"status": "done", "summary": "One line of greet.sh is to be changed."}'
}

# The code step: do what the plan says, to the file the plan names, and leave an account of it.
code() {
    intent=$(field summary "$plan")
    file=$(sed -n 's/^ *"\([^"]*\)"$/\1/p' "$plan" | head -n 1)
    fails code "rehearsed: $file does not want to be changed"
    # Not every sed can change a file in its place. TMPDIR is a folder for this attempt alone.
    changed=$TMPDIR/changed
    # shellcheck disable=SC2016 # what is written is meant for the other script
    sed 's/^name=.*/name=${1:-world}/' "$file" > "$changed"
    cat "$changed" > "$file"
    tests=$(sh test.sh | tail -n 1)
    cat > "$ORCHESTRA_ARTIFACTS/code.json" <<END
{
  "version": 1,
  "summary": "As planned: $intent",
  "files": ["$file"],
  "tested": ["sh test.sh: $tests"],
  "departures": []
}
END
    echo '{"status": "done", "summary": "The name has a default."}'
}

# The review step: judge what the code step says it did, or what became of it. `reject` is for orchestra to act on.
review() {
    if [ ! -f "$code" ]; then
        # It failed, and orchestra runs this step all the same (run_if: always). The message says why.
        why=$(sed -n '/"task_id": "code"/,$ s/^ *"summary": "\(.*\)",*$/\1/p' "$ORCHESTRA_MESSAGE" | head -n 1)
        verdict reject "There is no change to approve" error "The code step left nothing: $why"
    elif [ "${REHEARSE-}" = veto ]; then
        verdict reject "Read: $(field summary "$code")" error "rehearsed: an empty name deserves a greeting of its own"
    else
        verdict approve "Read: $(field summary "$code")" info "It does what step 1 of the plan says"
    fi
}

# verdict WHAT SUMMARY SEVERITY FINDING
verdict() {
    cat > "$ORCHESTRA_ARTIFACTS/review.json" <<END
{
  "version": 1,
  "verdict": "$1",
  "summary": "$2",
  "findings": [
    {"file": "greet.sh", "line": 3, "severity": "$3", "text": "$4"}
  ]
}
END
    echo '{"status": "done", "summary": "Read the change."}'
}

case $ORCHESTRA_ROLE in
    research) plan ;;
    implement) code ;;
    review) review ;;
    *)
        echo "no such role here: $ORCHESTRA_ROLE" >&2
        exit 2
        ;;
esac
