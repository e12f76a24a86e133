# syntax=docker/dockerfile:1

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --include=dev
COPY . .
RUN npx prisma generate && npx tsc -p tsconfig.build.json
# Optional packages are the embedded Postgres' programs (a database is given from outside) and speed-ups with a fallback.
RUN npm prune --omit=dev --omit=optional

FROM node:24-bookworm-slim
# Half of the threads may resolve names; a name server that does not answer holds one for seconds.
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8080 UV_THREADPOOL_SIZE=16
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/prisma/migrations ./prisma/migrations
COPY --from=build /app/dist ./dist
# Nothing in the image is written to while it runs; only its files' owner is root.
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/livez`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# The young generation may grow to 48 MiB; with Node's own limit a process under load has 60 MiB more and is no faster.
CMD ["node", "--max-semi-space-size=16", "--enable-source-maps", "dist/main.js", "serve"]
