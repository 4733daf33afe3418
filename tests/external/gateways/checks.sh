# What is asked of each gateway at $FRONT, of the server $SERVER behind it. $traits says what the two can do.

fetch() { curl -sS -m 30 "$@"; }
status() { fetch -o /dev/null -w '%{http_code}' "$@"; }
# Prints the status and the body of an answer of 200 with a `Location`.
moved() {
    fetch -o "$SCRATCH/answer" -w '%{http_code}' "$FRONT/moved?$1"
    printf ' %s' "$(cat "$SCRATCH/answer")"
}
can() { [[ $traits == *" $1 "* ]]; }
# Whether an answer that breaks off is told from one that is complete.
breaks() { can breaks || { can resets && [ "$by" = tcp ]; }; }
# Whether a count that the program keeps has come so far.
gone_is() { [ "$(fetch "$FRONT/gone")" -ge "$1" ]; }
# The most memory that the server ever had, in KiB.
peak() { sed -n 's/^VmHWM: *\([0-9]*\) kB/\1/p' "/proc/$SERVER/status"; }

# Sends the upload to a path with curl's arguments, and compares what comes back.
comes_back() {
    fetch "${@:2}" -o "$SCRATCH/back" "$FRONT/$1" && cmp "$SCRATCH/upload" "$SCRATCH/back"
}

requests() {
    local seen
    seen=$(fetch -H 'x-forwarded-for: 203.0.113.9' -H 'host: example.com:81' -H 'x-own: 1' -H 'proxy: http://evil.example' \
        -H 'authorization: Basic YTpi' -H 'x-two: a' -H 'x-two: b' -H 'content-type: text/plain' -d body "$FRONT/seen?q=1")
    check 'the application sees the client and its port' holds "$seen" '^remote: 127\.0\.0\.1:[1-9]'
    check '... and where it came' holds "$seen" "^local: 127\.0\.0\.1:$PORT$"
    check '... and that it came by http' holds "$seen" '^scheme: http$'
    check '... over HTTP/1.1' holds "$seen" '^version: HTTP/1.1$'
    check '... and what it asked for' holds "$seen" '^target: /seen\?q=1$'
    check '... and the host' equal 'header host: example.com:81' "$(grep '^header host' <<<"$seen")"
    check '... and fields that are nobody else'"'"'s' holds "$seen" '^header x-own: 1$'
    check '... and who it says that it is' holds "$seen" '^header authorization: Basic YTpi$'
    check '... and one type and one length of the body' equal '1 1' \
        "$(grep -c '^header content-type: text/plain$' <<<"$seen") $(grep -c '^header content-length: 4$' <<<"$seen")"
    check '... and both of two fields' \
        equal 'a,b' "$(sed -n 's/^header x-two: //p' <<<"$seen" | paste -sd, | tr -d ' ')"
    check '... and no field that sets the proxy of what it starts' equal 0 "$(grep -c '^header proxy' <<<"$seen")"
    check 'what the gateway says is there as it came' \
        holds "$(fetch "$FRONT/variables?q=1")" "^REQUEST_URI: $BELOW/variables\?q=1$"
    check 'a path stays as it was sent' \
        holds "$(fetch --path-as-is "$FRONT/seen?a=%2F%20b;c")" '^target: /seen\?a=%2F%20b;c$'
    check '... and a slash in it, encoded or doubled' \
        holds "$(fetch --path-as-is "$FRONT/seen/a%2Fb//c")" '^target: /seen/a%2Fb//c$'
    check 'a query that is no form is one all the same' holds "$(fetch "$FRONT/seen?--help+x")" '^target: /seen\?--help\+x$'
    seen=$(fetch --request-target "http://example.com:81$BELOW/seen" -H 'host: other.example' "$FRONT")
    check 'the host of a target in absolute form counts' equal 0 "$(grep -c other.example <<<"$seen")"
    check 'what is not there is 404' equal 404 "$(status "$FRONT/nothing")"
    check 'a status is what the program says' equal 503 "$(status "$FRONT/status/503")"
    check '... also one that has no name' equal 299 "$(status "$FRONT/status/299")"
    if can stays; then
        check 'a place to go to does not change it' equal '200 hello' "$(moved /)"
    else
        check 'a place to go to makes 302 of 200' equal 302 "$(status "$FRONT/moved?http://other.example/")"
    fi
    ! can follows || check '... and one here is gone to' equal 404 "$(status "$FRONT/moved?/elsewhere")"
    check 'two cookies are two' equal 2 "$(fetch -D - -o /dev/null "$FRONT/cookies" | grep -ci '^set-cookie: [ab]=[12]')"
    ! can lengths || check 'HEAD has the length and no body' \
        holds "$(fetch -I "$FRONT/bytes/1000" | tr -d '\r')" '^[Cc]ontent-[Ll]ength: 1000$'
    check '50 clients at a time are answered' \
        equal 200 "$(seq 200 | xargs -P 50 -I{} curl -sS -m 30 "$FRONT/after/20" -o /dev/null -w '%{http_code}\n' | grep -c 200)"
}

bodies() {
    check '20 MB come back as they went' comes_back whole --data-binary "@$SCRATCH/upload"
    ! can endless || check '... in chunks' comes_back whole -T "$SCRATCH/upload" -H 'transfer-encoding: chunked'
    ! can measures || check '... and not in chunks' \
        equal 411 "$(status -T "$SCRATCH/upload" -H 'transfer-encoding: chunked' "$FRONT/whole" 2>"$SCRATCH/curl.log")"
    ! can streams || check 'an upload goes through while it is sent' python3 "$HERE/in_pieces.py" "$PORT" length
    ! can chunks || check '... in chunks' python3 "$HERE/in_pieces.py" "$PORT" chunked
    check 'a large answer is whole' equal 20000000 "$(fetch "$FRONT/bytes/20000000" | wc -c)"
    check 'an answer in pieces is whole' equal 10240 "$(fetch "$FRONT/stream/10" | wc -c)"
    check '... and each comes when it is sent' \
        test "$(curl -sN -m 0.6 "$FRONT/endless" | wc -c)" -ge 5120
    ! breaks || check 'an answer that breaks off is not complete' equal 'not 0' "$(fetch "$FRONT/breaks" -o /dev/null 2>"$SCRATCH/curl.log" && echo 0 || echo 'not 0')"
    check 'what is over the limit of a body is 413' \
        equal 413 "$(status --data-binary "@$SCRATCH/35M" "$FRONT/length" 2>"$SCRATCH/curl.log")"
}

memory() {
    local before; before=$(peak)
    check '64 MiB come down' equal 67108864 "$(fetch "$FRONT/bytes/67108864" | wc -c)"
    # Gateways have limits of their own.
    check '... and 28 MiB go up' equal 29360128 "$(fetch -H 'expect:' -T "$SCRATCH/28M" "$FRONT/any-length")"
    check "... and the server needs little for it ($(($(peak) - before)) KiB)" test $(($(peak) - before)) -lt 8192
}

clients_that_go_away() {
    local gone; gone=$(fetch "$FRONT/gone")
    curl -s -m 0.5 -o /dev/null "$FRONT/endless" || true
    check 'a client that goes away is seen while it is answered' until_so 10 gone_is $((gone + 1))
    if can watches; then
        gone=$(fetch "$FRONT/gone")
        curl -s -m 0.5 -o /dev/null "$FRONT/never" || true
        check '... and while the program waits' until_so 10 gone_is $((gone + 1))
        curl -s -m 0.5 -o /dev/null "$FRONT/deaf" || true
        check '... and does not listen' until_so 10 gone_is $((gone + 2))
    elif can glances; then
        gone=$(fetch "$FRONT/gone")
        seq 8 | xargs -P 8 -I{} curl -s -m 0.5 -o /dev/null "$FRONT/never" || true
        check '... and of eight one at least while the program waits' until_so 10 gone_is $((gone + 1))
    fi
}

# How many processes of the program there are.
processes_left() { pgrep -cf "^$SCRATCH/app " || true; }
none_left() { [ "$(processes_left)" = 0 ]; }

of_processes() {
    check 'where the program stands is its path base' holds "$(fetch "$FRONT/seen")" "^path base: $BELOW$"
    check 'what it says beside the answer is in the log' grep -q 'Application started' "$LOG"
    check 'it ends behind its answer' until_so 10 none_left
    curl -s -m 0.5 -o /dev/null "$FRONT/endless" || true
    check 'it ends when its client is gone' until_so 10 none_left
}

# Ends the server while it answers, and then the gateway.
stop() {
    fetch "$FRONT/after/2000" >"$SCRATCH/answer" 2>&1 &
    local asking=$!
    sleep 1
    stopped "$SERVER"
    check 'asked to stop, the server ends as it should' equal 0 "$STATUS"
    wait "$asking" || true
    check '... and answers what is in flight' equal hello "$(cat "$SCRATCH/answer")"
    check '... and then it is away' holds "$(status "$FRONT/")" '^50[234]$'
    stopped "$GATEWAY"
}
