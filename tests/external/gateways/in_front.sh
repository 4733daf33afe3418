# Starts a gateway in front of $ADDRESS, or of $SOCKET, at $PORT, with its sample for a protocol:
#   NAME_in_front PROTOCOL tcp|unix
# Or in front of nothing, but with $PROGRAM, which it starts for each request:
#   NAME_in_front cgi process
# nginx also so that uploads are kept (`kept`), Apache also at a path (`below`), without the secret of AJP (`stranger`), and with TLS (`secure`).
# Everything here is the same for each protocol but for what a sample calls the program.

DEPLOY=$ROOT/examples/deploy
SOCKET=$SCRATCH/app.sock
PROGRAM=$SCRATCH/program

# Puts what stands at $3 for $2 in file $1; a sample that has not got $2 is a mistake here.
put() {
    grep -qF -- "$2" "$1" || { echo "error: $1 has no '$2'" >&2; exit 1; }
    python3 - "$@" <<'PY'
import sys
path, old, new = sys.argv[1:]
text = open(path).read()
open(path, "w").write(text.replace(old, new))
PY
}

nginx_in_front() {
    local site=$SCRATCH/site.conf
    cp "$DEPLOY/nginx/$1.conf" "$site"
    put "$site" 'listen 80;' "listen 127.0.0.1:$PORT;"
    case $2 in
        tcp) put "$site" 'server 127.0.0.1:5000;' "server ${ADDRESS#http://};" ;;
        unix) put "$site" 'server 127.0.0.1:5000;' "server unix:$SOCKET;" ;;
        kept)
            put "$site" 'server 127.0.0.1:5000;' "server ${ADDRESS#http://};"
            put "$site" "$1_request_buffering off;" "$1_request_buffering on;"
            ;;
    esac
    local user=; [ "$(id -u)" != 0 ] || user='user root;'
    cat >"$SCRATCH/nginx.conf" <<CONF
$user daemon off; pid $SCRATCH/nginx.pid; error_log stderr;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $SCRATCH/body; proxy_temp_path $SCRATCH/proxy; fastcgi_temp_path $SCRATCH/fastcgi;
    uwsgi_temp_path $SCRATCH/uwsgi; scgi_temp_path $SCRATCH/scgi;
    include $site;
}
CONF
    started "nginx-$1-$2" nginx -c "$SCRATCH/nginx.conf" -e stderr
}

apache_in_front() {
    local site=$SCRATCH/site.conf modules=/usr/lib/apache2/modules module scheme
    scheme=$(sed -nE 's,^ *ProxyPass / ([a-z]+://).*,\1,p' "$DEPLOY/apache/$1.conf")
    cp "$DEPLOY/apache/$1.conf" "$site"
    put "$site" '*:80' "127.0.0.1:$PORT"
    case $2 in
        tcp) put "$site" "ProxyPass / ${scheme}127.0.0.1:5000/" "ProxyPass / $scheme${ADDRESS#http://}/" ;;
        unix) put "$site" "ProxyPass / ${scheme}127.0.0.1:5000/" "ProxyPass / unix:$SOCKET|${scheme}localhost/" ;;
        below) put "$site" "ProxyPass / ${scheme}127.0.0.1:5000/" "ProxyPass /app/ $scheme${ADDRESS#http://}/" ;;
        process) put "$site" /usr/lib/cgi-bin/app "$PROGRAM" ;;
        secure)
            put "$site" "ProxyPass / ${scheme}127.0.0.1:5000/" "ProxyPass / $scheme${ADDRESS#http://}/"
            put "$site" '# Rewrite' 'Rewrite'
            put "$site" '</VirtualHost>' "SSLEngine on
                SSLCertificateFile $SCRATCH/certificate.pem
                SSLCertificateKeyFile $SCRATCH/certificate.key
                SSLCACertificateFile $SCRATCH/certificate.pem
                SSLVerifyClient optional_no_ca
                </VirtualHost>"
            ;;
        stranger)
            put "$site" "ProxyPass / ${scheme}127.0.0.1:5000/" "ProxyPass / $scheme${ADDRESS#http://}/"
            put "$site" ' secret=open-sesame' ''
            ;;
    esac
    {
        for module in mpm_event authz_core authz_host headers alias cgid proxy proxy_fcgi proxy_scgi proxy_uwsgi proxy_ajp rewrite ssl socache_shmcb; do
            echo "LoadModule ${module}_module $modules/mod_$module.so"
        done
        echo "ServerRoot $SCRATCH"
        echo "PidFile $SCRATCH/apache.pid"
        echo "ScriptSock $SCRATCH/cgid.sock"
        echo "ErrorLog /dev/stderr"
        echo "Listen 127.0.0.1:$PORT"
        [ "$(id -u)" != 0 ] || printf 'User www-data\nGroup www-data\n'
        echo "Include $site"
    } >"$SCRATCH/apache.conf"
    started "apache-$1-$2" apache2 -f "$SCRATCH/apache.conf" -DFOREGROUND
}

lighttpd_in_front() {
    local config=$SCRATCH/lighttpd.conf
    cp "$DEPLOY/lighttpd/$1.conf" "$config"
    put "$config" 'server.port = 80' "server.port = $PORT"
    put "$config" 'server.bind = "0.0.0.0"' 'server.bind = "127.0.0.1"'
    put "$config" '"/var/empty"' "\"$SCRATCH\""
    case $2 in
        tcp) put "$config" '"port" => 5000' "\"port\" => ${ADDRESS##*:}" ;;
        unix) put "$config" '"host" => "127.0.0.1", "port" => 5000' "\"socket\" => \"$SOCKET\"" ;;
        process) put "$config" '"/usr/lib/cgi-bin/app"' "\"$PROGRAM\"" ;;
    esac
    echo "server.upload-dirs = ( \"$SCRATCH\" )" >>"$config"
    started "lighttpd-$1-$2" lighttpd -D -f "$config"
}

haproxy_in_front() {
    local config=$SCRATCH/haproxy.cfg
    cp "$DEPLOY/haproxy/$1.cfg" "$config"
    put "$config" 'bind :80' "bind 127.0.0.1:$PORT"
    case $2 in
        tcp) put "$config" 'server app 127.0.0.1:5000' "server app ${ADDRESS#http://}" ;;
        unix) put "$config" 'server app 127.0.0.1:5000' "server app unix@$SOCKET" ;;
    esac
    started "haproxy-$1-$2" haproxy -db -f "$config"
}
