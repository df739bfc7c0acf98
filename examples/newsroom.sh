#!/usr/bin/env bash
# A newsroom at work, with nothing but bash and curl: people, a freelancer, a picture, and the record of it all.
#
# It shows, in this order: inviting somebody, who sets a password and logs in; what they may do and what not; a token for a
# freelancer that brings drafts of one author and does nothing else; a picture and an article with it, brought by that
# token; a rendition of the picture; the publication by the desk; the audit log of it; revoking the token; and ending the
# account of somebody who leaves.
#
# Every step checks what it got, and the script ends at the first thing that is not as it says. It needs a server that
# runs, and the log-in of an administrator:
#   GALLEY_EMAIL=admin@localhost GALLEY_PASSWORD=… examples/newsroom.sh
set -euo pipefail

url=${GALLEY_URL:-http://127.0.0.1:8080}
email=${GALLEY_EMAIL:-admin@localhost}
password=${GALLEY_PASSWORD:?set GALLEY_PASSWORD to the password of $email}
# Another one each time, so that the script can be run again on the same server.
run=$(date +%s)-$$
# shellcheck source=examples/steps.bash
source "$(dirname "${BASH_SOURCE[0]}")/steps.bash"

# A picture of 64 by 48 pixels. Each run has one of its own: what follows the end of a PNG is no part of it.
picture=$(mktemp)
trap 'rm -f "$picture"' EXIT
base64 -d >"$picture" <<'PNG'
iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwCAIAAAAuKetIAAAAS0lEQVR42u3PQQkAMAgAQGMsy7II1l2ive3gTzi4Ahf/1WohICAgICAgICAgICAgICAgICAg
IDAInJurCQgICAgICAgICAgICAgMNRzXMg/KT0iRAAAAAElFTkSuQmCC
PNG
printf '%s' "$run" >>"$picture"

step 'Log in'
# The password comes on standard input, since everybody on the machine can read the command lines of programs.
send POST /v1/auth/login '' --header 'Content-Type: application/json' --data-binary @- <<JSON
{"email": "$email", "password": "$password"}
JSON
expect 200 '"refresh_token":"'
token=$(member access_token)
administrator=$token

step 'Make an author, and invite somebody who writes as her'
desk POST /v1/editorial/authors "{\"name\": \"Clara Winther $run\"}"
expect 201
author=$(member slug)
desk POST /v1/editorial/users "{\"email\": \"clara-$run@example.org\", \"name\": \"Clara\", \"role\": \"author\", \"author\": \"$author\"}"
expect 201 '"state":"invited"'
user=$(member id)
# She gets this link by whatever way is safe; it is shown once.
invitation=$(member token)

step 'She sets a password and logs in'
send POST /v1/auth/password-links/accept "{\"token\": \"$invitation\", \"password\": \"a long walk by the sea\"}"
expect 200 '"state":"active"'
send POST /v1/auth/password-links/accept "{\"token\": \"$invitation\", \"password\": \"a long walk by the sea\"}"
expect 403 '"code":"link-invalid"'
send POST /v1/auth/login "{\"email\": \"clara-$run@example.org\", \"password\": \"a long walk by the sea\"}"
expect 200
token=$(member access_token)
refresh=$(member refresh_token)
desk GET /v1/auth/me
expect 200 '"role":"author"' "\"$author\""

step 'She may not do everything'
desk GET /v1/editorial/users
expect 403 '"code":"insufficient-scope"'

step 'Her session goes on with a new refresh token'
send POST /v1/auth/refresh "{\"refresh_token\": \"$refresh\"}"
expect 200 '"refresh_token":"'
token=$(member access_token)
desk GET /v1/auth/sessions
expect 200 '"current":true'

step 'The old refresh token again: somebody else must have it, so the session ends'
send POST /v1/auth/refresh "{\"refresh_token\": \"$refresh\"}"
expect 401 '"code":"refresh-token-invalid"'
desk GET /v1/auth/me
expect 401 '"code":"token-invalid"'

# -- A freelancer ------------------------------------------------------------------------------------

step 'Mint a token that brings drafts of this author, and does nothing else'
token=$administrator
desk POST /v1/editorial/tokens "{\"name\": \"Freelancer $run\", \"kind\": \"upload\", \"author\": \"$author\", \"expires_in_days\": 30}"
expect 201 '"token":"galley_upl_'
narrow_id=$(member id)
narrow=$(member token)

step 'With it, upload a picture'
token=$narrow
desk PUT "/v1/editorial/media/files/harbour-$run.png?alt=The+harbour+at+dusk&credit=Clara+Winther" '' \
    --header 'Content-Type: image/png' --data-binary @"$picture"
expect 201 '"content_type":"image/png"' '"width":64' '"blurhash":"'
picture_id=$(member id)

step 'The same bytes again are the same picture'
desk PUT "/v1/editorial/media/files/again.png" '' --header 'Content-Type: image/png' --data-binary @"$picture"
expect 200 "\"id\":\"$picture_id\""

step 'And an article with it'
desk POST /v1/editorial/articles '{
    "title": "The harbour at dusk, '$run'",
    "body_markdown": "The *lamps* go on.",
    "cover": {"url": "'$url'/v1/media/'$picture_id'/file", "alt": "The harbour at dusk"}
}'
expect 201 '"status":"draft"' "\"slug\":\"$author\""
id=$(member id)
article=/v1/editorial/articles/$id

step 'It cannot publish, nor see what others wrote'
desk POST "$article/publish"
expect 403 '"code":"insufficient-scope"'
desk GET /v1/editorial/articles
expect 200 "\"id\":\"$id\""
desk GET /v1/editorial/audit
expect 403 '"code":"insufficient-scope"'

# -- The desk ----------------------------------------------------------------------------------------

step 'The desk publishes it'
token=$administrator
desk POST "$article/publish"
expect 200 '"status":"published"'
send GET "/v1/articles/$id" ''
expect 200 "/v1/media/$picture_id/file"

step 'Readers get the picture, and smaller versions of it'
send GET "/v1/media/$picture_id" ''
expect 200 '"alt":"The harbour at dusk"' '"credit":"Clara Winther"'
type=$(curl --silent --show-error --output /dev/null --write-out '%{http_code} %{content_type}' "$url/v1/media/$picture_id/file")
[[ $type == '200 image/png' ]] || fail "the picture is $type"
type=$(curl --silent --show-error --output /dev/null --write-out '%{http_code} %{content_type}' \
    "$url/v1/media/$picture_id/rendition?width=160&format=webp")
[[ $type == '200 image/webp' ]] || fail "the smaller picture is $type"
send GET "/v1/media/$picture_id/rendition?width=161" ''
expect 403 '"code":"rendition-not-allowed"'

step 'The picture is in use, so nobody removes it'
desk GET "/v1/editorial/media/$picture_id/uses"
expect 200 '"place":"cover"'
desk DELETE "/v1/editorial/media/$picture_id" '' --header 'If-Match: *'
expect 409 '"code":"media-in-use"'

step 'All of it is in the audit log'
desk GET "/v1/editorial/audit?subject=$id"
expect 200 '"action":"article.created"' '"action":"article.published"' "$narrow_id"
desk GET "/v1/editorial/audit?subject=$picture_id"
expect 200 '"action":"media.uploaded"'
desk GET "/v1/editorial/audit?action=user.invited"
expect 200 "\"label\":\"clara-$run@example.org\""

step 'Revoke the token: it is worth nothing from now on'
desk DELETE "/v1/editorial/tokens/$narrow_id"
expect 204
token=$narrow
desk GET /v1/editorial/articles
expect 401 '"code":"token-invalid"'

step 'Somebody leaves'
token=$administrator
desk POST "/v1/editorial/users/$user/disable" '' --header 'If-Match: *'
expect 200 '"state":"disabled"'
send POST /v1/auth/login "{\"email\": \"clara-$run@example.org\", \"password\": \"a long walk by the sea\"}"
expect 401 '"code":"credentials-invalid"'

printf 'That was a day of %s.\n' "$author"
