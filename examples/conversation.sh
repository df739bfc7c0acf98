#!/usr/bin/env bash
# A conversation under an article, with nothing but bash and curl.
#
# It shows, in this order: a comment and an answer to it; who edits their own comment and who may not; the record of what it
# said before; a vote; a comment that is taken back, of which nothing but its place stays; what somebody heard who listened; a
# comment that waits for a moderator; and a thread that is closed, with its message, and opened again.
#
# Every step checks what it got, and the script ends at the first thing that is not as it says. It needs a server that
# runs, and the log-in of an administrator:
#   GALLEY_EMAIL=admin@localhost GALLEY_PASSWORD=… examples/conversation.sh
set -euo pipefail

url=${GALLEY_URL:-http://127.0.0.1:8080}
email=${GALLEY_EMAIL:-admin@localhost}
password=${GALLEY_PASSWORD:?set GALLEY_PASSWORD to the password of $email}
# Another one each time, so that the script can be run again on the same server.
run=$(date +%s)-$$
# shellcheck source=examples/steps.bash
source "$(dirname "${BASH_SOURCE[0]}")/steps.bash"

# own METHOD PATH [JSON]: the same with the edit token of a comment, as a file for the same reason.
own() { send "$1" "$2" "${3-}" --config <(printf 'header = "Authorization: Bearer %s"' "$edit_token"); }

heard=$(mktemp)
trap 'rm -f "$heard"' EXIT

step 'Log in, and publish an article'
# The password comes on standard input, since everybody on the machine can read the command lines of programs.
send POST /v1/auth/login '' --header 'Content-Type: application/json' --data-binary @- <<JSON
{"email": "$email", "password": "$password"}
JSON
expect 200
token=$(member access_token)
desk POST /v1/editorial/articles "{\"title\": \"The last ferry $run\", \"body_markdown\": \"It leaves at nine.\", \"status\": \"published\"}"
expect 201
article=$(member id)
thread=/v1/articles/$article/comments

step 'Look at a comment before it is sent'
send POST /v1/comments/preview '{"body_markdown": "It was *late* <script>again</script>."}'
expect 200 '<em>late</em>' '&lt;script&gt;'

step 'Post it, and keep the token by which it can be changed'
send POST "$thread" '{"author_name": "Grace", "body_markdown": "It was *late* again."}'
expect 201 '"state":"approved"' '"edit_token":"galley_cmt_'
first=$(member id)
edit_token=$(member edit_token)
send POST "$thread" '{"author_name": "Grace", "body_markdown": "It was *late* again."}'
expect 409 '"code":"duplicate-comment"'

step 'Somebody answers'
send POST "$thread" "{\"author_name\": \"Alan\", \"body_markdown\": \"By an hour.\", \"parent_id\": \"$first\"}"
expect 201 '"depth":2'
reply=$(member id)
reply_token=$(member edit_token)

step 'Listen from here on'
reader "$thread"
expect 200 'By an hour.'
sequence=$(member change_sequence)
curl --silent --no-buffer --max-time 60 "$url$thread/stream?last_event_id=$sequence" >"$heard" &
listener=$!
trap 'kill "$listener" 2>/dev/null || true; rm -f "$heard"' EXIT

step 'Grace mends her comment; nobody else can'
own PATCH "/v1/comments/$first/own" '{"body_markdown": "It was *late* again, by an hour."}'
expect 200 '"edited_at":"'
edit_token=$reply_token own PATCH "/v1/comments/$first/own" '{"body_markdown": "It was on time."}'
expect 404
reader "/v1/comments/$first"
expect 200 'by an hour' '"edited_at":"'

step 'Moderators see what it said before'
desk GET "/v1/editorial/comments/$first/revisions"
expect 200 '"number":2' '"number":1' '"body_markdown":"It was *late* again."'

step 'The desk votes for the answer, once; nobody votes for what they wrote'
desk POST "/v1/comments/$reply/votes" '{"value": 1}'
expect 201 '"score":1'
desk POST "/v1/comments/$reply/votes" '{"value": 1}'
expect 409 '"code":"already-voted"'
send POST "/v1/comments/$reply/votes" '{"value": 1}'
expect 409 '"code":"own-comment"'

step 'Grace takes hers back; the answer keeps its place'
own DELETE "/v1/comments/$first/own"
expect 204
reader "$thread"
expect 200 '"state":"removed"' 'By an hour.' '"approved_count":1'
[[ $body != *'again'* ]] || fail 'the text is still there'

step 'Who listens has heard all of it'
for _ in {1..100}; do
    if grep --quiet '"state":"removed"' "$heard"; then break; fi
    sleep 0.1
done
grep --quiet '^event: comment$' "$heard" || fail 'the listener heard nothing'
grep --quiet '"state":"removed"' "$heard" || fail 'the listener did not hear that the comment was taken back'
kill "$listener"

step 'Hold what comes next for a moderator'
desk PATCH "/v1/editorial/threads/$article" '{"moderation": "pre"}'
expect 200 '"moderation":"pre"'
send POST "$thread" '{"author_name": "Ada", "body_markdown": "Will it be better tomorrow?"}'
expect 202 '"state":"pending"'
held=$(member id)
edit_token=$(member edit_token)
reader "/v1/comments/$held"
expect 404
own GET "/v1/comments/$held/own"
expect 200 '"state":"pending"' 'Will it be better'
desk PATCH "/v1/editorial/comments/$held" '{"state": "approved"}'
expect 200
reader "/v1/comments/$held"
expect 200 '"state":"approved"'

step 'Close the thread, with a word to readers'
desk PATCH "/v1/editorial/threads/$article" '{"state": "closed", "message": "The ferry has left.", "note": "As agreed in the morning."}'
expect 200 '"state":"closed"'
send POST "$thread" '{"author_name": "Alan", "body_markdown": "One more thing."}'
expect 403 '"code":"comments-closed"' 'The ferry has left.'
reader "/v1/articles/$article"
expect 200 '"closed_reason":"editors"'

step 'Open it again; both are on record'
desk PATCH "/v1/editorial/threads/$article" '{"state": "open", "message": null, "moderation": "post"}'
expect 200 '"state":"open"'
send POST "$thread" '{"author_name": "Alan", "body_markdown": "One more thing."}'
expect 201
desk GET "/v1/editorial/threads/$article/transitions"
expect 200 '"to_state":"closed"' 'As agreed in the morning.' '"to_state":"open"'

step 'Done'
