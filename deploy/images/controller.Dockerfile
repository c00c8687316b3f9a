# The image of the control plane: an interpreter, packages, no shell. From the root of the repository, after `make wheels`:
#
#     docker buildx build --platform linux/amd64,linux/arm64 -f deploy/images/controller.Dockerfile -t CONTROLLER:VERSION .
#
# Bases are named by tag. Whoever publishes images puts the digest of the day behind each (`docker buildx imagetools inspect`).

# The same version of Python as below: packages with code in C are made for one.
FROM python:3.11-slim-bookworm AS packages
COPY requirements/run.txt dist/hauberk-*.whl /wheels/
RUN set -eu; \
    install() { pip install --quiet --no-cache-dir --disable-pip-version-check --no-compile --no-deps --target /packages "$@"; }; \
    install --require-hashes --requirement /wheels/run.txt; \
    install /wheels/hauberk-*.whl; \
    rm -r /packages/bin; \
    # Nothing can be written later, and times mean nothing in an image.
    python -m compileall -q -j 0 --invalidation-mode unchecked-hash /packages

FROM gcr.io/distroless/python3-debian12:nonroot
COPY --from=packages /packages /packages
ENV PYTHONPATH=/packages PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# As `controllerUID` of the chart.
USER 2103:2103
ENTRYPOINT ["/usr/bin/python3", "-m", "hauberk.cli"]
