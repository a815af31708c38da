# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154,SC2016
# nginx and Caddy as the examples set them up, before a real service: TLS, a stream that is not held back, bodies up to
# the limit.
throwaway proxy tools
proxy=$space/proxy
install -D -m 755 "$dist/codehook" "$proxy/usr/bin/codehook"
port=$(free_port)
ENVIRONMENT=()
IN_PLACE=1 inside proxy codehook serve --data-dir /data --listen "127.0.0.1:$port" > "$space/proxied.log" 2>&1 &
service=$!
check "a service for the proxies" answers "http://127.0.0.1:$port/readyz"
key=$(cat "$proxy/data/operator-key")
api() { curl --silent --show-error --fail-with-body --header "Authorization: Bearer $key" "$@"; }
api --output /dev/null --data '{"id": "acme"}' "http://127.0.0.1:$port/v1/tenants"
hook='{"name": "hello", "draft": {"template": "print \"hello\"", "trigger": {"on": "alert"}}}'
api --output /dev/null --data "$hook" "http://127.0.0.1:$port/v1/tenants/acme/hooks"
api --output /dev/null --request POST "http://127.0.0.1:$port/v1/tenants/acme/hooks/hello/publish"

# Both get a certificate of this machine's making.
mkdir "$space/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=hooks.example.com \
    -addext subjectAltName=DNS:hooks.example.com -keyout "$space/tls/key" -out "$space/tls/pem" 2> /dev/null

# The name, at a port of this machine: tls PORT.
tls() { address=(--cacert "$space/tls/pem" --resolve "hooks.example.com:$1:127.0.0.1"); }
# through PORT CURL-ARGUMENTS... PATH: a request to https://hooks.example.com at that port.
through() {
    local at=$1 path=${*: -1}
    tls "$at"
    api "${address[@]}" "${@:2:$#-2}" "https://hooks.example.com:$at$path"
}
# The stream's first event must be there while the stream is still open.
streams() {
    local at=$1 stream seen=1 _
    # In the place of the shell, so that it ends with `kill`.
    tls "$at"
    (exec curl --silent --header "Authorization: Bearer $key" "${address[@]}" \
        --no-buffer --max-time 60 "https://hooks.example.com:$at/v1/tenants/acme/runs/live" > "$space/stream") &
    stream=$!
    sleep 0.5
    through "$at" --data '{"EventId": "'"$at"'", "Severity": "Alert"}' /v1/tenants/acme/events || return 1
    for _ in $(seq 50); do
        grep -q succeeded "$space/stream" && kill -0 "$stream" && { seen=0; break; }
        sleep 0.1
    done
    kill "$stream"
    wait "$stream" || true
    cat "$space/stream"
    return "$seen"
}
# A body of the service's own limit passes the proxy, so the service answers; one byte more is refused, by whichever.
bodies() {
    local at=$1 size code
    for size in 4194304:40[0-9] 4194305:413; do
        head -c "${size%:*}" /dev/zero | tr '\0' ' ' > "$space/body"
        tls "$at"
        code=$(curl --silent --output /dev/null --write-out '%{http_code}' "${address[@]}" \
            --header "Authorization: Bearer $key" --header 'Content-Type: application/json' \
            --data-binary "@$space/body" \
            "https://hooks.example.com:$at/v1/tenants/acme/events")
        echo "${size%:*} bytes: $code"
        # shellcheck disable=SC2053
        [[ $code == ${size#*:} ]] || return 1
    done
}
# Until it listens, and answers for the service: at most ten seconds.
ready() {
    local _
    for _ in $(seq 100); do
        through "$1" /readyz 2> /dev/null && return
        sleep 0.1
    done
    tail -n 20 "$space/nginx.log" "$space/caddy.log"
    return 1
}
no_metrics() { ! through "$1" /metrics; }
proxied() {
    check "$1 answers for the service, with TLS" ready "$2"
    check "$1 hands on a stream of runs while it is open" streams "$2"
    check "$1 takes bodies up to the service's limit, and no larger ones" bodies "$2"
    check "$1 keeps metrics from the world" no_metrics "$2"
}

nginx_port=$(free_port)
sed -e "s/127.0.0.1:8080/127.0.0.1:$port/" -e "s/listen 443/listen 127.0.0.1:$nginx_port/" -e '/listen \[::\]/d' \
    "$here/../nginx/codehook.conf" > "$proxy/etc/nginx/conf.d/codehook.conf"
rm -f "$proxy/etc/nginx/sites-enabled/default"
install -D "$space/tls/pem" "$proxy/etc/nginx/tls/hooks.example.com.pem"
install -D "$space/tls/key" "$proxy/etc/nginx/tls/hooks.example.com.key"
check "nginx takes its configuration" inside proxy nginx -t
IN_PLACE=1 inside proxy nginx -g 'daemon off;' > "$space/nginx.log" 2>&1 &
nginx=$!
proxied nginx "$nginx_port"
ends "nginx ends" "$nginx"

caddy_port=$(free_port)
cp "$here/../caddy/Caddyfile" "$proxy/etc/caddy/Caddyfile"
check "Caddy takes its configuration" inside proxy caddy validate --config /etc/caddy/Caddyfile
# A certificate that is there, and another port: what a test cannot have of a public authority.
sed -i 's|^{$CODEHOOK_NAME.*|&\n\ttls /root/pem /root/key|' "$proxy/etc/caddy/Caddyfile"
printf '{\n\tadmin off\n\tauto_https disable_redirects\n\thttps_port %s\n}\n' "$caddy_port" |
    cat - "$proxy/etc/caddy/Caddyfile" > "$space/Caddyfile"
mv "$space/Caddyfile" "$proxy/etc/caddy/Caddyfile"
cp "$space/tls/pem" "$space/tls/key" "$proxy/root"
ENVIRONMENT=("CODEHOOK_UPSTREAM=127.0.0.1:$port")
IN_PLACE=1 inside proxy caddy run --config /etc/caddy/Caddyfile --adapter caddyfile > "$space/caddy.log" 2>&1 &
caddy=$!
ENVIRONMENT=()
proxied Caddy "$caddy_port"
ends "Caddy ends" "$caddy"
ends "the service ends in order" "$service"
umount --lazy "$proxy"
