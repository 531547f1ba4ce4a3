# docker build -f infra/docker/api.Dockerfile -t stenofleet-api .
# Node and Turborepo are pinned: the same commit gives the same image. Neither ffmpeg nor onnxruntime is in it.

FROM node:22-bookworm-slim AS base
ENV ONNXRUNTIME_NODE_INSTALL=skip TURBO_TELEMETRY_DISABLED=1 DO_NOT_TRACK=1

# The workspaces that the API needs, and the part of the lock file that belongs to them.
FROM base AS pruned
RUN npm install --global turbo@2.11.8
WORKDIR /repository
COPY . .
RUN turbo prune @stenofleet/api --docker

FROM base AS built
WORKDIR /app
COPY --from=pruned /repository/out/json/ ./
RUN npm ci --include=dev
COPY --from=pruned /repository/out/full/ ./
# prune leaves it behind; every package extends it.
COPY tsconfig.json ./
RUN npx turbo run build --filter=@stenofleet/api \
  && npm prune --omit=dev \
  # A peer that is asked for by types only; it would stay.
  && rm -rf node_modules/typescript \
  && find apps packages -type d \( -name src -o -name .turbo \) -prune -exec rm -rf {} + \
  && find . -name '*.map' -type f -delete

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="Stenofleet API" \
  org.opencontainers.image.description="HTTP: submit, follow, cancel and list transcription jobs" \
  org.opencontainers.image.licenses="MIT"
ENV NODE_ENV=production \
  STENO_API_HOST=0.0.0.0 \
  STENO_API_PORT=8080 \
  STENO_DATA_DIR=/var/lib/stenofleet
WORKDIR /app
COPY --from=built /app ./
RUN install -d -o node -g node /var/lib/stenofleet
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.STENO_API_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# node itself answers SIGTERM.
CMD ["node", "apps/api/dist/main.js"]
