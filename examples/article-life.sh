#!/usr/bin/env bash
# The whole life of an article, with nothing but bash and curl.
#
# It shows, in this order: logging in; a section and a series; a draft that is sent twice and made once; a rehearsal; a
# change with If-Match, one that comes too late, and its merge; a note; what preflight says; a preview link; handing in,
# handing back and handing in again; revisions, their difference and taking one up again; a publication by the clock;
# editing while readers see the article; a correction; giving changes up; many articles at once; taking it away from
# readers, the archive, the trash, and the end.
#
# Every step checks what it got, and the script ends at the first thing that is not as it says. It needs a server that
# runs, and the log-in of an administrator:
#   GALLEY_EMAIL=admin@localhost GALLEY_PASSWORD=… examples/article-life.sh
set -euo pipefail

url=${GALLEY_URL:-http://127.0.0.1:8080}
email=${GALLEY_EMAIL:-admin@localhost}
password=${GALLEY_PASSWORD:?set GALLEY_PASSWORD to the password of $email}
# Another one each time, so that the script can be run again on the same server.
run=$(date +%s)-$$
# shellcheck source=examples/steps.bash
source "$(dirname "${BASH_SOURCE[0]}")/steps.bash"

# -- Before the first word -------------------------------------------------------------------------

step 'Log in'
# The password comes on standard input, for the same reason.
send POST /v1/auth/login '' --header 'Content-Type: application/json' --data-binary @- <<JSON
{"email": "$email", "password": "$password"}
JSON
expect 200
token=$(member access_token)
desk GET /v1/auth/me
expect 200 '"articles:publish"'
me=$(member id)

step 'Make a section and a series'
desk POST /v1/editorial/sections "{\"name\": \"Harbour $run\"}"
expect 201
section=$(member slug)
desk POST /v1/editorial/series "{\"title\": \"Nights at sea $run\"}"
expect 201
series=$(member slug)

# -- Writing ---------------------------------------------------------------------------------------

step 'Write a draft, and send it twice: it is made once'
draft='{
    "title": "The harbour at night, '$run'",
    "body_markdown": "The *lamps* go out one by one.\n\nThen the gulls sleep.",
    "authors": [{"name": "Clara M. Winther", "bio": "Clara M. Winther writes about small places."}],
    "cover": {"url": "https://example.org/harbour.jpg"},
    "section": "'$section'",
    "series": {"slug": "'$series'", "position": 1},
    "lang": "en"
}'
desk POST '/v1/editorial/articles?message=First+draft' "$draft" --header "Idempotency-Key: \"draft-$run\""
expect 201 '"status":"draft"' '"revision":1,'
id=$(member id)
first_answer=$body
desk POST '/v1/editorial/articles?message=First+draft' "$draft" --header "Idempotency-Key: \"draft-$run\""
expect 201 "$first_answer"
expect_header 'idempotent-replayed: true'
article=/v1/editorial/articles/$id

step 'No reader sees a draft'
reader "/v1/articles/$id"
expect 404

step 'Rehearse a change: the answer is the one that it would have, and nothing is stored'
desk GET "$article"
first=$(etag)
desk PATCH "$article?validate_only=true" '{"subtitle": "A rehearsal"}' --header "If-Match: $first"
expect 200 '"subtitle":"A rehearsal"' '"revision":2,'
desk GET "$article"
expect 200 '"revision":1,'

step 'Change it'
desk PATCH "$article?message=A+subtitle" '{"subtitle": "Lamps, gulls and a closed café"}' --header "If-Match: $first"
expect 200 '"revision":2,'

step 'A change by somebody who has not seen that one is refused'
late='{"body_markdown": "The *lamps* go out one by one.\n\nThen the gulls sleep, and the cranes."}'
desk PATCH "$article" "$late" --header "If-Match: $first"
expect 412 '"code":"precondition-failed"' '"changed_fields":["subtitle"]' '"merges_cleanly":true'

step 'It contradicts nothing, so it can be merged'
desk PATCH "$article?merge=auto" "$late" --header "If-Match: $first"
expect 200 '"revision":3,' '"subtitle":"Lamps, gulls and a closed café"' 'and the cranes.'
merged=$(etag)

# -- The desk --------------------------------------------------------------------------------------

step 'Leave a note for the newsroom'
desk POST "$article/notes" '{"body": "Who owns the picture?"}'
expect 201 '"resolved":false'
note=$article/notes/$(member id)
note_tag=$(etag)

step 'Preflight tells what speaks against publishing'
desk GET "$article/preflight"
expect 200 '"ready":false' '"rule":"missing-cover-alt-text","severity":"error"' '"rule":"open-notes"'
desk POST "$article/publish"
expect 409 '"code":"not-ready"'

step 'Mend both'
desk PATCH "$article" '{"cover": {"alt": "Two cranes in the dark"}}' --header "If-Match: $merged"
expect 200 '"revision":4,'
desk PATCH "$note" '{"resolved": true}' --header "If-Match: $note_tag"
expect 200 '"resolved":true'
desk GET "$article/preflight"
expect 200 '"ready":true'

step 'Show it to somebody who has no account'
desk POST "$article/preview-links" '{"label": "For Grace", "expires_in_seconds": 3600}'
expect 201
link=$article/preview-links/$(member id)
link_tag=$(etag)
preview=/v1/previews/$(member token)
reader "$preview"
expect 200 '<em>lamps</em>' '"alt":"Two cranes in the dark"'

step 'End the preview before its time'
desk DELETE "$link" '' --header "If-Match: $link_tag"
reader "$preview"
expect 410 '"code":"preview-ended"'

step 'Hand it in, get it back, and hand it in again'
desk POST "$article/submit" "{\"assignee_id\": \"$me\", \"note\": \"Ready for the night desk.\"}"
expect 200 '"status":"in_review"' "\"assignee_id\":\"$me\""
desk POST "$article/request-changes" '{"note": "A shorter headline, please."}'
expect 200 '"status":"draft"'
returned=$(etag)
desk PATCH "$article?message=A+shorter+headline" "{\"title\": \"Harbour lights $run\"}" --header "If-Match: $returned"
expect 200 '"revision":5,'
desk POST "$article/submit" '{"note": "Shorter now."}'
expect 200 '"status":"in_review"'
desk GET "$article/transitions"
expect 200 '"step":"submit"' '"step":"request-changes"' '"note":"A shorter headline, please."'

step 'See how it came about'
desk GET "$article/revisions"
expect 200 '"kind":"merge"' '"message":"First draft"'
desk GET "$article/diff?from=4&to=5"
expect 200 '"field":"title"' '"kind":"insert","text":"Harbour lights"'

step 'The longer headline was better: take up the revision before'
desk POST "$article/revisions/4/restore?message=The+longer+headline"
expect 200 '"revision":6,' "\"title\":\"The harbour at night, $run\""
restored=$(etag)

# -- In public -------------------------------------------------------------------------------------

step 'Publish it two seconds from now'
soon=$(($(date +%s) + 2))
# The one is how GNU's date is asked, the other how that of BSD and macOS is.
publish_at=$(date -u -d "@$soon" +%Y-%m-%dT%H:%M:%SZ 2>/dev/null || date -u -r "$soon" +%Y-%m-%dT%H:%M:%SZ)
desk POST "$article/schedule" "{\"publish_at\": \"$publish_at\"}"
expect 200 '"status":"scheduled"'
for _ in {1..50}; do
    reader "/v1/articles/$id"
    [[ ${head%%$'\n'*} == *' 404'* ]] || break
    sleep 0.2
done
expect 200 "\"published_at\":\"${publish_at%Z}" '<em>lamps</em>' "\"slug\":\"$section\""

step 'Edit it while readers see it: they see what they saw'
desk PATCH "$article" '{"body_markdown": "The *lanterns* go out one by one."}' --header "If-Match: $restored"
expect 200 '"status":"published"' '"has_unpublished_changes":true'
reader "/v1/articles/$id"
expect 200 '<em>lamps</em>'

step 'Publish the change'
desk POST "$article/publish"
expect 200 '"has_unpublished_changes":false'
published=$(etag)
reader "/v1/articles/$id"
expect 200 '<em>lanterns</em>'

step 'Tell readers what was wrong'
desk POST "$article/corrections" '{"note": "An earlier version called the lanterns lamps.", "from_revision": 6}'
expect 201
reader "/v1/articles/$id"
expect 200 '"note":"An earlier version called the lanterns lamps."'

step 'Begin a change, and give it up'
desk PATCH "$article" '{"subtitle": "Not a good idea"}' --header "If-Match: $published"
expect 200 '"revision":8,' '"has_unpublished_changes":true'
desk POST "$article/discard-changes"
expect 200 '"subtitle":"Lamps, gulls and a closed café"' '"has_unpublished_changes":false'

# -- Many at once ----------------------------------------------------------------------------------

step 'Tag two articles in one request'
desk POST /v1/editorial/articles "{\"title\": \"The harbour at noon, $run\", \"body_markdown\": \"No lamps.\"}"
expect 201
other=$(member id)
tag="{\"tags\": [\"Night $run\"]}"
desk POST /v1/editorial/articles/bulk "{\"operations\": [
    {\"op\": \"update\", \"id\": \"$id\", \"if_match\": \"*\", \"changes\": $tag},
    {\"op\": \"update\", \"id\": \"$other\", \"if_match\": \"r1\", \"changes\": $tag}
]}" --header "Idempotency-Key: \"tag-$run\""
expect 200 '"succeeded":2' '"failed":0'

step 'Take the article away from readers'
desk POST "$article/unpublish" '{"note": "The picture is not ours."}'
expect 200 '"status":"draft"'
reader "/v1/articles/$id"
expect 404

step 'Archive all that have the tag: first ask how many that is'
all="{\"select\": {\"filter\": {\"tag\": \"night-$run\"}, \"op\": \"archive\", \"expected_count\": 2}}"
desk POST '/v1/editorial/articles/bulk?validate_only=true' "$all"
expect 200 '"count":2'
desk POST /v1/editorial/articles/bulk "$all" --header "Idempotency-Key: \"archive-$run\""
expect 200 '"succeeded":2' '"article_status":"archived"'

# -- The end ---------------------------------------------------------------------------------------

step 'Nobody changes what is in the archive'
desk PATCH "$article" '{"subtitle": "Too late"}' --header 'If-Match: *'
expect 409 '"code":"illegal-transition"' '"legal_steps":['

step 'Out of the archive, into the trash, and out again'
desk POST "$article/restore"
expect 200 '"status":"draft"'
desk POST "$article/trash"
expect 200 '"status":"trashed"'
desk POST "$article/restore"
expect 200 '"status":"draft"'
last=$(etag)

step 'Into the trash for good'
desk DELETE "$article" '' --header "If-Match: $last"
expect 204
desk DELETE "$article?purge=true" '' --header "If-Match: $last"
expect 204
desk GET "$article"
expect 410 '"code":"gone"'
reader "/v1/articles/$id"
expect 410 '"code":"gone"'

printf 'That was the life of %s.\n' "$id"
