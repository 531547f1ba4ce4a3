# docker build -f infra/docker/worker.Dockerfile -t stenofleet-worker .
# ffmpeg is Debian's; of onnxruntime only the folder of this platform is kept.

FROM node:22-bookworm-slim AS base
ENV ONNXRUNTIME_NODE_INSTALL=skip TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1

# The workspaces that the worker needs, and the part of the lock file that belongs to them.
FROM base AS pruned
RUN npm install --global turbo@2.11.8
WORKDIR /repository
COPY . .
RUN turbo prune @stenofleet/worker --docker

FROM base AS built
WORKDIR /app
COPY --from=pruned /repository/out/json/ ./
RUN npm ci --include=dev
COPY --from=pruned /repository/out/full/ ./
# prune leaves it behind; every package extends it.
COPY tsconfig.json ./
RUN npx turbo run build --filter=@stenofleet/worker \
  && npm prune --omit=dev \
  # The browser's runtime: a dependency of the package that the speech detector's weights come in.
  && rm -rf node_modules/onnxruntime-web node_modules/typescript \
  && find node_modules/onnxruntime-node/bin -mindepth 3 -maxdepth 3 -type d \
    ! -path "*/linux/$(node --print process.arch)" -exec rm -rf {} + \
  && find apps packages -type d \( -name src -o -name .turbo \) -prune -exec rm -rf {} + \
  && find . -name '*.map' -type f -delete

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="Stenofleet worker" \
  org.opencontainers.image.description="Takes jobs and chunks from the queue and turns them into transcripts" \
  org.opencontainers.image.licenses="MIT"
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg ca-certificates \
  && rm -rf /var/lib/apt/lists/*
ENV NODE_ENV=production \
  STENO_WORKER_HOST=0.0.0.0 \
  STENO_WORKER_PORT=9090 \
  STENO_DATA_DIR=/var/lib/stenofleet \
  STENO_WORK_DIR=/var/lib/stenofleet/work
WORKDIR /app
COPY --from=built /app ./
COPY infra/docker/pull-model.js infra/docker/
RUN install -d -o node -g node /var/lib/stenofleet/models /var/lib/stenofleet/work
VOLUME ["/var/lib/stenofleet/models", "/var/lib/stenofleet/work"]
USER node
EXPOSE 9090
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.STENO_WORKER_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself answers SIGTERM: it takes nothing new and finishes or hands back what it has.
CMD ["node", "apps/worker/dist/main.js"]
