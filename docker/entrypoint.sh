#!/bin/sh
# The web server migrates before it starts; worker and beat wait until that is done.
set -eu
cd "$(dirname "$0")/.."
case "${1:-}" in
    gunicorn) python manage.py migrate --noinput ;;
    celery)
        until python manage.py migrate --check >/dev/null 2>&1; do
            sleep 2
        done
        ;;
esac
exec "$@"
