# The image runs one part per container: `api` (default), `worker`, `sandbox`, or `migrate` once.

FROM python:3.13-slim AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY .ci/uv.txt .ci/uv.txt
RUN pip install --require-hashes --only-binary :all: -r .ci/uv.txt
COPY requirements.lock requirements-dev.lock ./
RUN uv venv /opt/ulak && uv pip sync --python /opt/ulak --require-hashes --compile-bytecode requirements.lock
COPY pyproject.toml README.md ./
COPY migrations migrations
COPY app app
# The build tools are held to the locked versions and hashes, as everything else is.
RUN uv build --wheel --require-hashes --build-constraints requirements-dev.lock --out-dir /wheel \
    && uv pip install --python /opt/ulak --no-deps --compile-bytecode /wheel/*.whl

FROM python:3.13-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ulak \
    && install --directory --owner ulak /var/lib/ulak
COPY --from=build /opt/ulak /opt/ulak
ENV PATH=/opt/ulak/bin:$PATH PYTHONUNBUFFERED=1 \
    ULAK_HOST=0.0.0.0 ULAK_DATA_DIR=/var/lib/ulak
WORKDIR /var/lib/ulak
USER ulak
EXPOSE 8000 8001 8002
STOPSIGNAL SIGTERM
# Of the API; a container that runs another part names that part instead (see compose.yaml).
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s CMD ["ulak", "ready", "api"]
ENTRYPOINT ["ulak"]
CMD ["api"]
