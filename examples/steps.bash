# What the scripts in this folder share: sending requests with curl, and checking the answers. It is read with `source` by a
# script that has set $url, and keeps each answer in $head and $body.
token=''
head=''
body=''

step() { printf -- '-- %s\n' "$1"; }

fail() {
    printf 'FAILED: %s\n%s\n%s\n' "$1" "$head" "$body" >&2
    exit 1
}

# send METHOD PATH JSON [more for curl]: sends a request and keeps the answer in $head and $body. JSON may be empty.
send() {
    local method=$1 path=$2 json=$3 answer
    shift 3
    if [[ -n $json ]]; then
        set -- --header 'Content-Type: application/json' --data-binary "$json" "$@"
    fi
    answer=$(curl --silent --show-error --include --request "$method" "$@" "$url$path")
    answer=${answer//$'\r'/}
    head=${answer%%$'\n\n'*}
    body=${answer#*$'\n\n'}
}

# desk METHOD PATH [JSON [more for curl]]: the same with the token of the log-in. The token is given to curl as a file,
# since everybody on the machine can read the command lines of programs.
desk() { send "$1" "$2" "${3-}" "${@:4}" --config <(printf 'header = "Authorization: Bearer %s"' "$token"); }

# reader PATH: reads without any account.
reader() { send GET "$1" ''; }

# expect STATUS [TEXT…]: passes if the answer has the status and its body has the texts.
expect() {
    local status=$1 text
    shift
    [[ ${head%%$'\n'*} == 'HTTP/'*" $status"* ]] || fail "the status is not $status"
    for text in "$@"; do
        [[ $body == *"$text"* ]] || fail "there is no $text"
    done
}

# expect_header TEXT: passes if the answer has this line in its head.
expect_header() { [[ $'\n'$head$'\n' == *$'\n'"$1"$'\n'* ]] || fail "there is no header $1"; }

# member NAME: the first text or number of this name in the body.
member() {
    local pattern="\"$1\":\"?([^\",}]*)"
    [[ $body =~ $pattern ]] || fail "there is no $1"
    printf '%s' "${BASH_REMATCH[1]}"
}

# etag: the entity tag of the answer, which says what revision it shows. It goes back with If-Match.
etag() {
    local pattern=$'\n''etag: ([^'$'\n'']*)'
    [[ $head =~ $pattern ]] || fail 'there is no etag'
    printf '%s' "${BASH_REMATCH[1]}"
}
