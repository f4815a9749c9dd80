#!/usr/bin/env bash
# Makes stand-ins for the images that compose names, on a machine that cannot pull images: a Debian with Node and npm
# for node, with this machine's Ollama and a small model for ollama, with mongo-java-server for mongo. They carry the
# label tutti.stand-in. Images that are there already are left alone. Needs root, debootstrap and a JDK; Maven if
# mongo-java-server has not been fetched yet. Without arguments it makes all: stand-in.sh [node] [ollama] [mongo]
set -euo pipefail
export DOCKER_CLI_HINTS=false DOCKER_BUILDKIT=0
root=$(cd "$(dirname "$0")/../.." && pwd)
cache="${XDG_CACHE_HOME:-$HOME/.cache}/tutti"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ $# -gt 0 ] || set -- node ollama mongo
# Each of the others stands on that of node.
wanted() { [[ $1 = node || " $arguments " = *" $1 "* ]]; }
arguments="$*"
missing() { wanted "$1" && ! docker image inspect "$2" >/dev/null 2>&1; }

# A bare Debian, kept as an archive: making it takes half a minute.
debian="$cache/debian-bookworm.tar"
if missing node node:24-bookworm-slim; then
  if [ ! -s "$debian" ]; then
    mkdir -p "$cache"
    debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$work/debian" >/dev/null
    rm -rf "$work"/debian/var/cache/apt/* "$work"/debian/var/lib/apt/lists/*
    tar -C "$work/debian" -cf "$debian.part" . && mv "$debian.part" "$debian"
  fi
  docker import "$debian" tutti-stand-in-debian >/dev/null
  mkdir -p "$work/node/bin" "$work/node/lib/node_modules" "$work/node/etc"
  cp "$root/node_modules/.bin/node" "$work/node/bin/node" 2>/dev/null || cp "$(command -v node)" "$work/node/bin/node"
  (cd "$work" && npm pack --silent npm@11 >/dev/null && tar -xf npm-11*.tgz && mv package node/lib/node_modules/npm)
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/bin/npm"
  # A machine behind a mirror builds behind it as well.
  echo "registry=$(npm config get registry)" >"$work/node/etc/npmrc"
  cp "${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}" "$work/node/etc/extra-ca.pem"
  cat >"$work/Dockerfile" <<'DOCKERFILE'
FROM tutti-stand-in-debian
COPY node /usr/local
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin NODE_EXTRA_CA_CERTS=/usr/local/etc/extra-ca.pem
LABEL tutti.stand-in=node
DOCKERFILE
  docker build -q -t node:24-bookworm-slim "$work" >/dev/null
fi

if missing ollama ollama/ollama:latest; then
  ollama="$cache/ollama-0.17.4/ollama"
  model=$(find "$cache/models" -name '*.gguf' 2>/dev/null | head -n 1)
  [ -x "$ollama" ] && [ -n "$model" ] || { echo 'No Ollama or no model in the cache: run "npm run test:ollama" once.' >&2; exit 3; }
  mkdir -p "$work/ollama"
  cp "$ollama" "$work/ollama/ollama-server"
  cp "$model" "$work/ollama/model.gguf"
  printf 'FROM /ollama/model.gguf\nPARAMETER num_thread 1\nPARAMETER repeat_penalty 1\nPARAMETER temperature 0\n' >"$work/ollama/Modelfile"
  # What would be pulled is made of the file that is here.
  cat >"$work/ollama/ollama" <<'SCRIPT'
#!/bin/sh
[ "$1" = pull ] && exec /ollama/ollama-server create "$2" -f /ollama/Modelfile
exec /ollama/ollama-server "$@"
SCRIPT
  chmod +x "$work/ollama/ollama"
  cat >"$work/Dockerfile" <<'DOCKERFILE'
FROM node:24-bookworm-slim
COPY ollama /ollama
RUN ln -s /ollama/ollama /bin/ollama
ENV OLLAMA_HOST=0.0.0.0:11434 OLLAMA_NUM_PARALLEL=1 OLLAMA_CONTEXT_LENGTH=2048 HOME=/root
LABEL tutti.stand-in=ollama
ENTRYPOINT ["/bin/ollama"]
CMD ["serve"]
DOCKERFILE
  docker build -q -t ollama/ollama:latest "$work" >/dev/null
fi

if missing mongo mongo:8; then
  jars=$(find "$cache/mongo-java-server" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | head -n 1)
  if [ -z "$jars" ]; then
    jars="$cache/mongo-java-server/1.47.0"
    mvn -q -B -f "$root/libs/testing/src/mongo-server/pom.xml" \
      org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies "-DoutputDirectory=$work/jars"
    mkdir -p "$(dirname "$jars")" && mv "$work/jars" "$jars"
  fi
  mkdir -p "$work/mongo"
  cp "$jars"/*.jar "$work/mongo"
  javac -cp "$jars/*" -d "$work/mongo" "$root/tools/docker/MongoStandIn.java"
  jlink --output "$work/mongo/jre" --strip-debug --no-header-files --no-man-pages \
    --add-modules java.base,java.sql,java.logging,java.naming,java.management,jdk.unsupported
  # Compose asks it how it is by `mongosh`.
  printf '#!/bin/sh\nexec node -e %s\n' "'require(\"net\").connect(27017, \"127.0.0.1\").on(\"connect\", () => process.exit(0)).on(\"error\", () => process.exit(1))'" >"$work/mongo/mongosh"
  chmod +x "$work/mongo/mongosh"
  cat >"$work/Dockerfile" <<'DOCKERFILE'
FROM node:24-bookworm-slim
COPY mongo /mongo
RUN ln -s /mongo/mongosh /usr/local/bin/mongosh && mkdir -p /data/db
LABEL tutti.stand-in=mongo
VOLUME /data/db
CMD ["/mongo/jre/bin/java", "-Xmx256m", "-cp", "/mongo:/mongo/*", "MongoStandIn"]
DOCKERFILE
  docker build -q -t mongo:8 "$work" >/dev/null
fi
