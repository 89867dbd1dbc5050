#!/bin/sh
# Secrets may come as files: NAME_FILE=/run/secrets/name stands for NAME. Then the container's command takes over.
set -eu

file=
for variable in $(env | sed -n 's/^\([A-Z_]*\)_FILE=.*/\1/p'); do
    eval "file=\$${variable}_FILE"
    case $variable in
        SECRET_KEY | *_URL | *_TOKEN | *_DSN | *_AUTH | CELERY_RESULT_BACKEND)
            if [ ! -r "$file" ]; then
                echo "${variable}_FILE is $file: it should be a file that can be read" >&2
                exit 1
            fi
            export "$variable=$(cat "$file")"
            ;;
    esac
done

exec "$@"
