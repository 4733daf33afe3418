# Starts a gateway in front of $ADDRESS, or of $SOCKET, at $PORT, with its sample for a protocol:
#   NAME_in_front PROTOCOL tcp|unix
# Or in front of nothing, but with $PROGRAM, which it starts for each request:
#   NAME_in_front cgi process
# nginx also so that uploads are kept (`kept`), Apache also at a path (`below`), without the secret of AJP (`stranger`), and with TLS (`secure`).
# Everything here is the same for each protocol but for what a sample calls the program.

SOCKET=$SCRATCH/app.sock
PROGRAM=$SCRATCH/program

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
    nginx_with "nginx-$1-$2" "$site"
}

apache_in_front() {
    local site=$SCRATCH/site.conf scheme
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
    APACHE="ScriptSock $SCRATCH/cgid.sock"
    apache_with "apache-$1-$2" "$site" "$PORT" alias cgid proxy_fcgi proxy_scgi proxy_uwsgi proxy_ajp rewrite ssl socache_shmcb
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
    haproxy_with "haproxy-$1-$2" "$config"
}
