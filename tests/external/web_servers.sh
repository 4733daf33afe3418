# Starts nginx, Apache httpd or HAProxy from a sample of examples/deploy, of which only what is of its place was changed. After lib.sh:
#
#   put FILE OLD NEW                       puts NEW for OLD in a copy of a sample, which must have it
#   nginx_with NAME SITE [LINE]            starts nginx with a site, and LINE beside it
#   apache_with NAME SITE PORT MODULE...   starts Apache httpd with a site and these modules; $APACHE has lines beside it
#   haproxy_with NAME FILE                 starts HAProxy

DEPLOY=$ROOT/examples/deploy
APACHE=

put() {
    grep -qF -- "$2" "$1" || { echo "error: $1 has no '$2'" >&2; exit 1; }
    python3 - "$@" <<'PY'
import sys
path, old, new = sys.argv[1:]
text = open(path).read()
open(path, "w").write(text.replace(old, new))
PY
}

nginx_with() {
    local user=
    [ "$(id -u)" != 0 ] || user='user root;'
    cat >"$SCRATCH/$1.nginx" <<CONF
$user daemon off; pid $SCRATCH/$1.pid; error_log stderr;
events { worker_connections 1024; }
http {
    access_log off;
    client_body_temp_path $SCRATCH/body; proxy_temp_path $SCRATCH/proxy; fastcgi_temp_path $SCRATCH/fastcgi;
    uwsgi_temp_path $SCRATCH/uwsgi; scgi_temp_path $SCRATCH/scgi;
    ${3:-}
    include $2;
}
CONF
    started "$1" nginx -c "$SCRATCH/$1.nginx" -e stderr
}

apache_with() {
    local name=$1 site=$2 port=$3 module
    {
        for module in mpm_event authz_core authz_host headers proxy "${@:4}"; do
            echo "LoadModule ${module}_module /usr/lib/apache2/modules/mod_$module.so"
        done
        echo "ServerRoot $SCRATCH"
        echo "PidFile $SCRATCH/$name.pid"
        echo "ErrorLog /dev/stderr"
        echo "Listen 127.0.0.1:$port"
        [ "$(id -u)" != 0 ] || printf 'User www-data\nGroup www-data\n'
        [ -z "$APACHE" ] || echo "$APACHE"
        echo "Include $site"
    } >"$SCRATCH/$name.httpd"
    started "$name" apache2 -f "$SCRATCH/$name.httpd" -DFOREGROUND
}

haproxy_with() {
    started "$1" haproxy -db -f "$2"
}
