# PostgreSQL's official image with funnel:
#
#   docker build --pull --build-arg PG_MAJOR=18 -t postgres-funnel .
#
# Everything else is as in the official image.  In each database: CREATE EXTENSION funnel;
ARG PG_MAJOR=18
FROM postgres:${PG_MAJOR} AS build

# The headers are to be of exactly the server's version, which PG_VERSION is;
# if that has become too old to be found, --pull brings a newer image.
RUN set -eux; \
	apt-get update; \
	apt-get install -y --no-install-recommends \
		gcc \
		libc6-dev \
		make \
		"postgresql-server-dev-$PG_MAJOR=$PG_VERSION" \
	; \
	rm -rf /var/lib/apt/lists/*

COPY . /usr/src/funnel
RUN make -C /usr/src/funnel install DESTDIR=/install

FROM postgres:${PG_MAJOR}
COPY --from=build /install /
