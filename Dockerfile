# The portal as one image: web, workers, beat and commands differ in what they are told to run (compose.yaml).

FROM node:22-bookworm-slim AS assets
WORKDIR /portal
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-fund --no-audit --ignore-scripts

FROM python:3.11-slim-bookworm AS portal
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PORTAL_DATA=/data STATIC_ROOT=/portal/static PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
# Pango lays out the PDF documents; the Noto fonts bring the scripts that Inter has not; pg_dump makes the backups.
# Debian keeps no former versions of a package, so none is named.
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-core fonts-noto-cjk fonts-noto-color-emoji postgresql-client \
  && rm -rf /var/lib/apt/lists/* \
  && useradd --system --uid 10001 --home-dir /data --create-home portal
WORKDIR /portal
COPY requirements.txt ./
RUN pip install --requirement requirements.txt
COPY --from=assets /portal/node_modules ./node_modules
COPY manage.py ./
COPY billing_portal ./billing_portal
COPY rateplans ./rateplans
COPY customers ./customers
COPY invoicing ./invoicing
COPY templates ./templates
COPY script/container-start ./script/container-start
# Collecting static files reads the settings and reaches nothing.
RUN env SECRET_KEY=only-while-the-image-is-made ALLOWED_HOSTS=localhost DEFAULT_FROM_EMAIL=portal@localhost \
    DATABASE_URL=postgres://portal_app@localhost/portal DATABASE_OWNER_URL=postgres://portal_owner@localhost/portal REDIS_URL=redis://localhost/0 \
    python manage.py collectstatic --noinput --verbosity 0
USER 10001
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["script/container-start"]
CMD ["web"]
