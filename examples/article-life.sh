#!/usr/bin/env bash
# The life of an article, with nothing but bash and curl: log in, write a draft, publish it, read it as a reader.
# It needs a server that runs and the log-in of an editor or administrator:
#   GALLEY_EMAIL=admin@localhost GALLEY_PASSWORD=… examples/article-life.sh
set -euo pipefail

url=${GALLEY_URL:-http://127.0.0.1:8080}
email=${GALLEY_EMAIL:-admin@localhost}
password=${GALLEY_PASSWORD:?set GALLEY_PASSWORD to the password of $email}
token=''

fail() {
    printf 'FAILED: %s\n' "$@" >&2
    exit 1
}

step() { printf -- '-- %s\n' "$1"; }

# call METHOD PATH [more for curl]: prints the body of the answer; ends the script when the server refuses.
call() {
    local method=$1 path=$2
    shift 2
    curl --silent --show-error --fail-with-body --request "$method" "$url$path" "$@"
}

# The same with the token of the log-in. It is given on standard input, where no list of processes shows it.
desk() { call "$@" --config - <<<"header = \"Authorization: Bearer $token\""; }

# status METHOD PATH [more for curl]: prints the status alone, whatever it is.
status() {
    local method=$1 path=$2
    shift 2
    curl --silent --show-error --output /dev/null --write-out '%{http_code}' --request "$method" "$url$path" "$@"
}

# member JSON NAME: the first text of this name.
member() {
    local pattern="\"$2\":\"([^\"]*)\""
    [[ $1 =~ $pattern ]] || fail "there is no $2 in $1"
    printf '%s' "${BASH_REMATCH[1]}"
}

# expect WHAT FOUND WANTED
expect() { [[ $2 == "$3" ]] || fail "$1 is $2, not $3"; }

step 'Log in'
login=$(call POST /v1/auth/login --header 'Content-Type: application/json' --data-binary @- <<JSON
{"email": "$email", "password": "$password"}
JSON
)
token=$(member "$login" access_token)

step 'Write a draft'
title="The harbour at night, $(date +%s)"
draft=$(desk POST /v1/editorial/articles --header 'Content-Type: application/json' \
    --data-binary "{\"title\": \"$title\", \"body_markdown\": \"The *lamps* go out one by one.\"}")
id=$(member "$draft" id)
expect 'the title of the draft' "$(member "$draft" title)" "$title"
expect 'what a reader gets of a draft' "$(status GET "/v1/articles/$id")" 404

step 'Publish it'
desk POST "/v1/editorial/articles/$id/publish" >/dev/null

step 'Read it as a reader'
article=$(call GET "/v1/articles/$id")
expect 'the title that readers see' "$(member "$article" title)" "$title"
[[ $article == *'<em>lamps</em>'* ]] || fail "the text is not there: $article"
slug=$(member "$article" slug)
expect 'the article by its slug' "$(call GET "/v1/articles/by-slug/$slug")" "$article"

printf 'The article is at %s/v1/articles/by-slug/%s\n' "$url" "$slug"
