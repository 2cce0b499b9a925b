# The service with its production dependencies on a distroless Node.js, for linux/amd64 and linux/arm64:
#
#   docker build -t econ-graph-financial-data:0.1.0 .
#   docker buildx build --platform linux/amd64,linux/arm64 -t REGISTRY/econ-graph-financial-data:0.1.0 --push .
#
# Everything is built on the builder's own platform: the modules of the other one are fetched, not run.

# Node.js 24, the current LTS, by the digests of their lists of platforms. Exchange them with --build-arg: the first for
# another Node.js with a shell and npm, the second only for another distroless one, with /nodejs/bin/node. The launcher
# names that path, because such an image has no `env` that would find it.
ARG BUILD_IMAGE=docker.io/library/node:24.21.0-trixie-slim@sha256:173f125896c3b47ddf056734c7ea789d04595a6a08769a8f78e0df642781fb66
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:9eeb7f5887d0e239e78264b06f7f11d2e14be534050481803a9e4728fcdd278e

# Compiles; nothing of its node_modules goes further.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS build
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
RUN npm run build \
  && find dist -type f \( -name '*.map' -o -name '*.d.ts' -o -name '.*' \) -delete \
  && mkdir -p volumes \
  && mkdir -m 0775 volumes/data

# Production dependencies for the target's processor. Their native parts come as packages of their own; what install
# scripts would add is built for the builder's processor, or is an advertisement. Older podman names no TARGETARCH.
FROM --platform=$BUILDPLATFORM ${BUILD_IMAGE} AS modules
ARG TARGETARCH
WORKDIR /build
COPY .npmrc package.json package-lock.json ./
RUN --mount=type=cache,target=/root/.npm \
  case "$TARGETARCH" in amd64) cpu=x64 ;; '') cpu=$(node -p process.arch) ;; *) cpu=$TARGETARCH ;; esac \
  && npm ci --omit=dev --ignore-scripts --os=linux --cpu="$cpu" --libc=glibc
COPY scripts/image/prune-modules.mjs scripts/image/prune-rules.mjs scripts/image/
RUN node scripts/image/prune-modules.mjs node_modules

FROM ${RUNTIME_IMAGE} AS runtime
# Files belong to root, everybody reads them and nobody writes them. What changes least comes first. What comes from the
# checkout is told its mode, which there is as somebody's umask made it; what the stages above make has theirs.
COPY --from=modules /build/node_modules /app/node_modules
COPY --chmod=0644 LICENSE package.json /app/
COPY --from=build /build/dist /app/dist
COPY --chmod=0755 scripts/image/econ-graph-financial-data /usr/local/bin/
# 1000 is the first user of most Linux machines, so that a directory of theirs can be mounted. Any other user works where
# the data is writable for it; group 0, which clusters give to users that they make up, may write a volume made from this.
COPY --from=build --chown=1000:0 /build/volumes/ /app/

WORKDIR /app
ENV NODE_ENV=production \
  HOST=0.0.0.0 \
  DATA_DIR=/app/data
USER 1000:1000
# HTTP with GraphQL, and Arrow Flight.
EXPOSE 3001 8815
# Data outlives its container, also where nobody named a volume, and can be written where the rest is read-only.
VOLUME ["/app/data"]
STOPSIGNAL SIGTERM
# A start that has to read the footers of all files takes minutes where there are many: for so long, failures do not
# count. The first success ends that time.
HEALTHCHECK --interval=10s --timeout=6s --start-period=900s --retries=3 \
  CMD ["/usr/local/bin/econ-graph-financial-data", "health"]
ENTRYPOINT ["/usr/local/bin/econ-graph-financial-data"]
CMD ["serve"]

# Last, so that another revision does not change the layers.
ARG RUNTIME_IMAGE
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=1970-01-01T00:00:00Z
LABEL org.opencontainers.image.title="econ-graph-financial-data" \
  org.opencontainers.image.description="Economic and financial time series with every revision, in Parquet, over GraphQL and Arrow Flight" \
  org.opencontainers.image.licenses="Apache-2.0" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}" \
  org.opencontainers.image.base.name="${RUNTIME_IMAGE}"
