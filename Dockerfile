# The server and its page, from the wheel that `make release` leaves in dist/:
#   make release
#   docker build -t emoji-edge .
#   docker run --rm --read-only --cap-drop ALL --network none emoji-edge --help
#   docker run --rm --read-only --cap-drop ALL -p 127.0.0.1:8000:8000 emoji-edge
# For both kinds of processors: docker buildx build --platform linux/amd64,linux/arm64 .
# The base is named by its version, whose digest changes with every update of it. To build for others,
# give a digest: --build-arg BASE=python@sha256:...
ARG BASE=python:3.13-slim-bookworm
FROM ${BASE} AS build
COPY dist/emoji_edge-*.whl /wheels/
RUN python -m venv /opt/emoji
RUN /opt/emoji/bin/pip install --no-cache-dir --only-binary :all: "$(ls /wheels/emoji_edge-*.whl)[serve]"
RUN /opt/emoji/bin/pip uninstall --yes pip

FROM ${BASE}
COPY --from=build /opt/emoji /opt/emoji
USER 65532:65532
ENV EMOJI_HOST=0.0.0.0 EMOJI_PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/opt/emoji/bin/python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"EMOJI_PORT\"]}/healthz', timeout=4)"]
ENTRYPOINT ["/opt/emoji/bin/emoji-edge-serve"]
